import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/emulator/certificates/identity.ts';
import { isRejection } from '../../../src/emulator/http2/api.ts';
import { ProviderConnection, TokenUpdates } from '../../../src/emulator/http2/connection.ts';
import type { ApiAnswer } from '../../../src/emulator/http2/message.ts';
import { providerKey, signProviderToken } from '../../../src/emulator/http2/provider-token.ts';
import { PUSH_TYPES, REASONS } from '../../../src/emulator/http2/reasons.ts';
import { topicHash } from '../../../src/emulator/push.ts';
import { type ApiHarness, apiHarness, KEY_ID, NOON, otherKey, RecordingEndpoint, signingKey, TEAM } from '../../support/emulator-core.ts';

const TOKEN = 'ab'.repeat(32);
const APP = 'com.example.app';
const BODY = Buffer.from('{"aps":{"alert":"hi"}}');

interface Ask {
  method?: string;
  path?: string;
  /** Replaces or, with undefined, removes one of the good headers. */
  headers?: Record<string, string | undefined>;
  extra?: [string, string][];
  body?: Uint8Array;
  connection?: ProviderConnection;
}

function ask(
  h: ApiHarness,
  { method = 'POST', path = `/3/device/${TOKEN}`, headers = {}, extra = [], body = BODY, connection = h.connection }: Ask,
): ApiAnswer {
  const good: Record<string, string | undefined> = { authorization: h.bearer(), 'apns-topic': APP, 'apns-push-type': 'alert', ...headers };
  const list = Object.entries(good).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
  return h.api.handle(connection, { method, path, headers: [...list, ...extra], body });
}

function registered(): ApiHarness {
  const h = apiHarness();
  h.registry.addDevice({ token: TOKEN });
  return h;
}

function certificate(more: Partial<Identity>): ProviderConnection {
  const identity: Identity = {
    key: 'k',
    uid: APP,
    commonName: undefined,
    team: TEAM,
    topics: [],
    development: true,
    production: true,
    trusted: true,
    ...more,
  };
  return new ProviderConnection(
    2,
    'x',
    identity,
    { environment: 'sandbox', maxStreams: 1000, streamDance: true, badEnvironmentSpelling: 'BadEnvironmentKeyIdInToken' },
    new TokenUpdates(),
  );
}

const broadcast = (channel: string, headers: Record<string, string | undefined> = {}, more: Ask = {}): Ask => ({
  path: `/4/broadcasts/apps/${APP}`,
  headers: {
    'apns-topic': undefined,
    'apns-channel-id': channel,
    'apns-push-type': 'liveactivity',
    'apns-expiration': '0',
    'apns-priority': '10',
    ...headers,
  },
  ...more,
});
const manage = (method: string, headers: Record<string, string | undefined> = {}, body: unknown = undefined): Ask => ({
  method,
  path: `/1/apps/${APP}/channels`,
  headers: { 'apns-topic': undefined, 'apns-push-type': undefined, ...headers },
  body: body === undefined ? new Uint8Array(0) : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const GOOD_CHANNEL = { 'message-storage-policy': 1, 'push-type': 'LiveActivity' };

/** One way to provoke each reason that a request can provoke. */
const PROVOKE: Record<string, (h: ApiHarness) => ApiAnswer> = {
  BadCollapseId: (h) => ask(h, { headers: { 'apns-collapse-id': 'x'.repeat(65) } }),
  BadDeviceToken: (h) => ask(h, { path: `/3/device/${'cd'.repeat(32)}` }),
  BadExpirationDate: (h) => ask(h, { headers: { 'apns-expiration': 'tomorrow' } }),
  BadMessageId: (h) => ask(h, { headers: { 'apns-id': 'not-a-uuid' } }),
  BadPriority: (h) => ask(h, { headers: { 'apns-priority': '7' } }),
  BadTopic: (h) => ask(h, { headers: { 'apns-topic': 'no spaces here' } }),
  DeviceTokenNotForTopic: (h) => {
    h.registry.addDevice({ token: 'ef'.repeat(32), topics: ['com.example.other'] });
    return ask(h, { path: `/3/device/${'ef'.repeat(32)}` });
  },
  DuplicateHeaders: (h) =>
    ask(h, {
      extra: [
        ['apns-priority', '10'],
        ['apns-priority', '10'],
      ],
    }),
  InvalidPushType: (h) => ask(h, { headers: { 'apns-push-type': 'shout' } }),
  MissingDeviceToken: (h) => ask(h, { path: '/3/device/' }),
  MissingTopic: (h) => ask(h, { headers: { 'apns-topic': undefined } }),
  PayloadEmpty: (h) => ask(h, { body: new Uint8Array(0) }),
  TopicDisallowed: (h) => ask(h, { connection: certificate({}), headers: { 'apns-topic': 'com.example.other' } }),
  ExpiredProviderToken: (h) => ask(h, { headers: { authorization: h.bearer(3601) } }),
  Forbidden: (h) => {
    h.checker.add(providerKey('REVOKED001', TEAM, otherKey, { revoked: true }));
    return ask(h, { headers: { authorization: `bearer ${signProviderToken(otherKey, 'REVOKED001', TEAM, NOON / 1000)}` } });
  },
  InvalidProviderToken: (h) => ask(h, { headers: { authorization: `bearer ${signProviderToken(otherKey, KEY_ID, TEAM, NOON / 1000)}` } }),
  MissingProviderToken: (h) => ask(h, { headers: { authorization: undefined } }),
  UnrelatedKeyIdInToken: (h) => {
    h.checker.add(providerKey('OTHERKEY01', TEAM, otherKey));
    ask(h, {});
    return ask(h, { headers: { authorization: `bearer ${signProviderToken(otherKey, 'OTHERKEY01', TEAM, NOON / 1000)}` } });
  },
  BadEnvironmentKeyIdInToken: (h) => {
    h.checker.add(providerKey('PRODONLY01', TEAM, otherKey, { environment: 'production' }));
    return ask(h, { headers: { authorization: `bearer ${signProviderToken(otherKey, 'PRODONLY01', TEAM, NOON / 1000)}` } });
  },
  BadEnvironmentKeyInToken: (h) => {
    h.checker.add(providerKey('PRODONLY01', TEAM, otherKey, { environment: 'production' }));
    const connection = h.connect({ badEnvironmentSpelling: 'BadEnvironmentKeyInToken' });
    return ask(h, { connection, headers: { authorization: `bearer ${signProviderToken(otherKey, 'PRODONLY01', TEAM, NOON / 1000)}` } });
  },
  TopicMismatch: (h) => ask(h, { ...manage('POST', {}, GOOD_CHANNEL), connection: certificate({ uid: 'com.example.other' }) }),
  BadPath: (h) => ask(h, { path: '/2/device' }),
  MethodNotAllowed: (h) => ask(h, { method: 'GET' }),
  ExpiredToken: (h) => {
    const device = h.registry.addDevice({ token: '01'.repeat(32) });
    h.registry.setState(h.registry.token(device.token)!, 'expired', NOON - 5000);
    return ask(h, { path: `/3/device/${device.token}` });
  },
  Unregistered: (h) => {
    const device = h.registry.addDevice({ token: '02'.repeat(32) });
    h.registry.setState(h.registry.token(device.token)!, 'unregistered', NOON - 5000);
    return ask(h, { path: `/3/device/${device.token}` });
  },
  PayloadTooLarge: (h) => ask(h, { body: new Uint8Array(4097) }),
  TooManyProviderTokenUpdates: (h) => {
    ask(h, { headers: { authorization: h.bearer(30) } });
    ask(h, { headers: { authorization: h.bearer(20) } });
    return ask(h, { headers: { authorization: h.bearer(10) } });
  },
  TooManyRequests: () => {
    const h = apiHarness({ tokenRate: { pushes: 1, seconds: 60 } });
    h.registry.addDevice({ token: TOKEN });
    ask(h, {});
    return ask(h, {});
  },
  FeatureNotEnabled: () => ask(apiHarness({ broadcastApps: [] }), manage('POST', {}, GOOD_CHANNEL)),
  MissingChannelId: (h) => ask(h, manage('GET')),
  BadChannelId: (h) => ask(h, broadcast('AAAAAAAAAAAAAAAAAAAAAA==')),
  ChannelNotRegistered: (h) => {
    const channel = h.channels.create(APP, 0, 'LiveActivity');
    ask(h, manage('DELETE', { 'apns-channel-id': channel.id }));
    return ask(h, broadcast(channel.id));
  },
  BadRequestParams: (h) => ask(h, manage('POST', {}, { ...GOOD_CHANNEL, 'message-storage-policy': 7 })),
  BadRequestPayload: (h) => ask(h, manage('POST', {}, 'not json')),
  MissingPushType: (h) => ask(h, broadcast(h.channels.create(APP, 0, 'LiveActivity').id, { 'apns-push-type': undefined })),
  MissingChannelQueueSize: (h) => ask(h, manage('POST', {}, { 'push-type': 'LiveActivity' })),
  CannotCreateChannelConfig: () => {
    const h = apiHarness({ maxChannels: 1 });
    ask(h, manage('POST', {}, GOOD_CHANNEL));
    return ask(h, manage('POST', {}, GOOD_CHANNEL));
  },
};
/** Decided at the handshake, by the socket shell: see server.test.ts. */
const AT_CONNECT = ['BadCertificate', 'BadCertificateEnvironment'];

describe('every reason of the tables', () => {
  for (const row of REASONS) {
    if (row.by === 'rule') {
      it(`answers ${row.status} ${row.reason} when a rule says so`, () => {
        const h = registered();
        const answer = h.api.handle(
          h.connection,
          { method: 'POST', path: `/3/device/${TOKEN}`, headers: [], body: BODY },
          { reason: row.reason },
        );
        expect(answer).toMatchObject({ status: row.status, reason: row.reason, body: JSON.stringify({ reason: row.reason }) });
      });
    } else if (!AT_CONNECT.includes(row.reason)) {
      it(`answers ${row.status} ${row.reason}: ${row.cause}`, () => {
        const answer = PROVOKE[row.reason](registered());
        expect({ status: answer.status, reason: answer.reason }).toEqual({ status: row.status, reason: row.reason });
        expect(JSON.parse(answer.body!)).toEqual(
          'timestamp' in row ? { reason: row.reason, timestamp: NOON - 5000 } : { reason: row.reason },
        );
        expect(answer.headers['content-type']).toBe('application/json');
      });
    }
  }
});

describe('device pushes', () => {
  it('answers 200 without a body, returns the id as it was written and adds a unique id in the sandbox', () => {
    const h = registered();
    const id = '123e4567-e89b-12d3-a456-4266554400a0';
    const answer = ask(h, { headers: { 'apns-id': id.toUpperCase() } });
    expect(answer).toMatchObject({ status: 200, body: undefined, headers: { 'apns-id': id.toUpperCase() } });
    expect(h.journal.query({ id })).toHaveLength(1);
    expect(answer.headers['apns-unique-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('makes an id when the client gives none, and no unique id in production', () => {
    const h = apiHarness({ environment: 'production' });
    h.registry.addDevice({ token: TOKEN });
    const answer = ask(h, {});
    expect(answer.headers['apns-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(answer.headers['apns-unique-id']).toBeUndefined();
  });

  it('takes every push type of the table, "Bearer" in any case, upper-case tokens and unknown headers', () => {
    const h = registered();
    for (const type of PUSH_TYPES) {
      const answer = ask(h, {
        path: `/3/device/${TOKEN.toUpperCase()}`,
        headers: {
          'apns-push-type': type,
          authorization: h.bearer().replace('bearer', 'Bearer'),
          'content-type': 'text/plain',
          'x-other': 'y',
        },
      });
      expect([type, answer.status]).toEqual([type, 200]);
    }
  });

  it('takes headers at their limits and refuses what is beyond, whatever else the push says', () => {
    const h = registered();
    for (const [name, good, bad, reason] of [
      ['apns-expiration', ['0', '1', '2000000000'], ['', '-1', '1.5', '0x10', '1e9', ' 1', 'now', '9'.repeat(16)], 'BadExpirationDate'],
      ['apns-priority', ['1', '5', '10'], ['', '0', '05', '6', '11', 'high'], 'BadPriority'],
      ['apns-collapse-id', ['', 'x'.repeat(64), 'é'.repeat(32)], ['x'.repeat(65), 'é'.repeat(33)], 'BadCollapseId'],
      ['apns-push-type', ['alert'], ['', 'Alert', 'badge'], 'InvalidPushType'],
      ['apns-topic', [APP, `${APP}.voip`], ['a b', `x/${APP}`, 'x'.repeat(256)], 'BadTopic'],
      ['apns-topic', [], [''], 'MissingTopic'],
      ['apns-id', ['123E4567-E89B-12D3-A456-4266554400A0'], ['', '123', '{123e4567-e89b-12d3-a456-4266554400a0}'], 'BadMessageId'],
    ] as const) {
      for (const value of good) expect([name, value, ask(h, { headers: { [name]: value } }).status]).toEqual([name, value, 200]);
      for (const value of bad) expect([name, value, ask(h, { headers: { [name]: value } }).reason]).toEqual([name, value, reason]);
    }
  });

  it('takes a body that is no JSON: no reason of the tables says so for a device', () => {
    expect(ask(registered(), { body: Buffer.from('not json') }).status).toBe(200);
  });

  it('refuses tokens that are no hex, too short or of odd length', () => {
    const h = registered();
    for (const token of ['zz', 'ab'.repeat(31), `${TOKEN}a`, 'ab'.repeat(101), `${TOKEN.slice(2)}zz`])
      expect([token, ask(h, { path: `/3/device/${token}` }).reason]).toEqual([token, 'BadDeviceToken']);
  });

  it('refuses background pushes with priority 10 and takes them with 5', () => {
    const h = registered();
    expect(ask(h, { headers: { 'apns-push-type': 'background', 'apns-priority': '10' } }).reason).toBe('BadPriority');
    expect(ask(h, { headers: { 'apns-push-type': 'background', 'apns-priority': '5' } }).status).toBe(200);
  });

  it('lets VoIP pushes be larger', () => {
    const h = registered();
    expect(ask(h, { headers: { 'apns-push-type': 'voip', 'apns-topic': `${APP}.voip` }, body: new Uint8Array(5120) }).status).toBe(200);
    expect(ask(h, { headers: { 'apns-push-type': 'voip', 'apns-topic': `${APP}.voip` }, body: new Uint8Array(5121) }).reason).toBe(
      'PayloadTooLarge',
    );
  });

  it('takes the topic from a certificate of one topic, ignores its token, and asks for it with several', () => {
    const h = registered();
    expect(ask(h, { connection: certificate({}), headers: { 'apns-topic': undefined, authorization: 'bearer junk' } }).status).toBe(200);
    const several = certificate({
      topics: [
        { topic: APP, kind: 'app' },
        { topic: `${APP}.voip`, kind: 'voip' },
      ],
    });
    expect(ask(h, { connection: several, headers: { 'apns-topic': undefined } }).reason).toBe('MissingTopic');
    expect(ask(h, { connection: several, headers: { 'apns-topic': `${APP}.voip` } }).status).toBe(200);
  });

  it('answers a key of another team on the same connection as an invalid token, and a related key with success', () => {
    const h = registered();
    h.checker.add(providerKey('OTHERTEAM1', 'ANOTHERTM1', otherKey));
    h.checker.add(providerKey(KEY_ID, TEAM, signingKey, { related: ['RELATED001'] }));
    h.checker.add(providerKey('RELATED001', TEAM, otherKey));
    expect(ask(h, {}).status).toBe(200);
    expect(
      ask(h, { headers: { authorization: `bearer ${signProviderToken(otherKey, 'OTHERTEAM1', 'ANOTHERTM1', NOON / 1000)}` } }).reason,
    ).toBe('InvalidProviderToken');
    expect(ask(h, { headers: { authorization: `bearer ${signProviderToken(otherKey, 'RELATED001', TEAM, NOON / 1000)}` } }).status).toBe(
      200,
    );
  });

  it('allows a new provider token again after twenty minutes', () => {
    const h = registered();
    for (const age of [30, 20]) expect(ask(h, { headers: { authorization: h.bearer(age) } }).status).toBe(200);
    h.clock.advance(1_200_001);
    expect(ask(h, { headers: { authorization: h.bearer(10) } }).status).toBe(200);
  });

  it('answers Unregistered for a topic that the device has dropped from its filter, and lists it for feedback', () => {
    const h = registered();
    const device = h.registry.device(TOKEN)!;
    h.registry.setFilter(device, new Map([[topicHash(APP), 'enabled']]));
    expect(ask(h, {}).status).toBe(200);
    h.registry.setFilter(device, new Map());
    expect(ask(h, {}).reason).toBe('Unregistered');
    expect(h.feedback.read([APP])).toEqual([{ token: TOKEN, time: NOON / 1000 }]);
  });

  it('delivers to the connected device and records request and answer', () => {
    const h = registered();
    const device = h.registry.device(TOKEN)!;
    const endpoint = new RecordingEndpoint();
    device.endpoint = endpoint;
    h.registry.setFilter(device, new Map([[topicHash(APP), 'enabled']]));
    ask(h, { headers: { 'apns-expiration': '0', 'apns-collapse-id': 'c' } });
    expect(endpoint.got).toHaveLength(1);
    expect(endpoint.got[0].push.body).toMatchObject({ topic: APP, expiry: 0, priority: 10, pushType: 'alert', collapseId: 'c' });
    expect(h.journal.query({ token: 'abab', status: 200 })).toMatchObject([{ command: 'push', topic: APP, push: { state: 'delivered' } }]);
  });
});

describe('the stream limit', () => {
  it('is 1 until the first valid token, falls back to 1 after a rejection, and is untouched by 410', () => {
    const h = registered();
    const { connection } = h;
    expect(connection.streamLimit).toBe(1);
    connection.answered(isRejection(ask(h, {})));
    expect(connection.streamLimit).toBe(1000);
    connection.answered(isRejection(PROVOKE['Unregistered'](h)));
    expect(connection.streamLimit).toBe(1000);
    connection.answered(isRejection(PROVOKE['BadDeviceToken'](h)));
    expect(connection.streamLimit).toBe(1);
    expect(certificate({}).streamLimit).toBe(1000);
  });
});

describe('channels and broadcasts', () => {
  it('answers with the observed status codes', () => {
    const h = apiHarness();
    const created = ask(h, manage('POST', {}, GOOD_CHANNEL));
    const id = created.headers['apns-channel-id'];
    expect(created).toMatchObject({ status: 201, body: undefined });
    expect(id).toHaveLength(24);
    expect(ask(h, manage('GET', { 'apns-channel-id': id }))).toMatchObject({ status: 200, body: JSON.stringify(GOOD_CHANNEL) });
    expect(ask(h, { ...manage('GET'), path: `/1/apps/${APP}/all-channels` })).toMatchObject({
      status: 200,
      body: JSON.stringify({ channels: [id] }),
    });
    expect(ask(h, broadcast(id, { 'apns-request-id': '123e4567-e89b-12d3-a456-4266554400a0' }))).toMatchObject({
      status: 200,
      headers: { 'apns-request-id': '123e4567-e89b-12d3-a456-4266554400a0' },
    });
    expect(ask(h, manage('DELETE', { 'apns-channel-id': id })).status).toBe(204);
    expect(ask(h, manage('DELETE', { 'apns-channel-id': 'AAAA' }))).toMatchObject({ status: 404, reason: 'BadPath' });
    expect(ask(h, broadcast(id))).toMatchObject({ status: 400, reason: 'ChannelNotRegistered' });
  });

  it('asks for an expiration, which must be 0 where nothing is stored', () => {
    const h = apiHarness();
    const none = h.channels.create(APP, 0, 'LiveActivity').id;
    const stored = h.channels.create(APP, 1, 'LiveActivity').id;
    expect(ask(h, broadcast(none, { 'apns-expiration': undefined })).reason).toBe('BadExpirationDate');
    expect(ask(h, broadcast(none, { 'apns-expiration': '2000000000' })).reason).toBe('BadExpirationDate');
    expect(ask(h, broadcast(stored, { 'apns-expiration': '2000000000' })).status).toBe(200);
    expect(ask(h, broadcast(none, { 'apns-priority': undefined })).reason).toBe('BadPriority');
    expect(ask(h, broadcast(none, { 'apns-push-type': 'alert' })).reason).toBe('InvalidPushType');
    expect(ask(h, broadcast(none, {}, { body: new Uint8Array(5121) })).reason).toBe('PayloadTooLarge');
    expect(ask(h, broadcast(none, {}, { body: Buffer.from('{') })).reason).toBe('BadRequestPayload');
  });

  it('reaches the devices that subscribed, and only those', () => {
    const h = apiHarness();
    const channel = h.channels.create(APP, 0, 'LiveActivity').id;
    const endpoints = ['aa', 'bb'].map((hex) => {
      const device = h.registry.addDevice({ token: hex.repeat(32) });
      device.endpoint = new RecordingEndpoint();
      h.registry.setFilter(device, new Map());
      return device;
    });
    endpoints[0].subscriptions = new Map([[channel, 0n]]);
    ask(h, broadcast(channel));
    expect(endpoints.map((device) => (device.endpoint as RecordingEndpoint).got.length)).toEqual([1, 0]);
  });
});
