import { describe, expect, it } from 'vitest';
import { PREFACE } from '../../../src/codec/http2/frames.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import type { Field, Message } from '../../../src/core/message.ts';
import { PUSH_TYPES } from '../../../src/schema/http2-headers.ts';
import { REASONS } from '../../../src/schema/reasons.ts';
import { fieldValue, RowMaker } from '../../support/http2-rows.ts';
import { H2Writer, pushHeaders, TOKEN } from '../../support/http2-writer.ts';

type Extra = Readonly<Record<string, string | undefined>>;

/** The row of one request with these headers. */
function request(
  extra: Extra = {},
  body: string | Uint8Array = '{"aps":{}}',
  more: readonly { name: string; value: string }[] = [],
): Message {
  const w = new H2Writer();
  const maker = new RowMaker();
  maker.data(0, concatBytes([PREFACE, w.settings(), w.headers(1, [...pushHeaders(extra), ...more]), w.data(1, body)]));
  return maker.rows[2].message;
}

/** The row of one response. */
function response(status: string, body?: string, extra: readonly { name: string; value: string }[] = []): Message {
  const w = new H2Writer();
  const maker = new RowMaker();
  const end = body === undefined;
  maker.data(
    1,
    concatBytes([w.settings(), w.headers(1, [{ name: ':status', value: status }, ...extra], { end }), ...(end ? [] : [w.data(1, body)])]),
  );
  return maker.rows[1].message;
}

const codes = (message: Message): string[] => message.notes.map((n) => n.code);
const details = (message: Message): (string | undefined)[] => message.notes.map((n) => n.detail);

const BROADCAST: Extra = {
  ':path': '/4/broadcasts/apps/com.example.app',
  'apns-topic': undefined,
  'apns-push-type': 'liveactivity',
  'apns-channel-id': 'dHN0LXNyY2gtY2hubA==',
  'apns-expiration': '0',
  'apns-priority': '10',
};

describe('a push', () => {
  it('has every value under its filter name', () => {
    const message = request({
      'apns-id': 'eabeae54-14a8-11e5-b60b-1697f925ec7b',
      'apns-expiration': '1763740000',
      'apns-priority': '5',
      'apns-collapse-id': 'game1',
    });
    expect(message).toMatchObject({ command: 'push', label: 'Push', notes: [] });
    const values = Object.fromEntries(
      [
        'http2.method',
        'http2.path',
        'http2.streamid',
        'http2.authority',
        'apns.topic',
        'apns.push_type',
        'apns.priority',
        'apns.expiry',
        'apns.collapse_id',
        'apns.id',
      ].map((name) => [name, fieldValue(message, name)]),
    );
    expect(values).toEqual({
      'http2.method': 'POST',
      'http2.path': `/3/device/${TOKEN}`,
      'http2.streamid': 1,
      'http2.authority': 'api.push.apple.com',
      'apns.topic': 'com.example.app',
      'apns.push_type': 'alert',
      'apns.priority': 5,
      'apns.expiry': 1763740000,
      'apns.collapse_id': 'game1',
      'apns.id': 'eabeae54-14a8-11e5-b60b-1697f925ec7b',
    });
    expect(Buffer.from(fieldValue(message, 'apns.token') as Uint8Array).toString('hex')).toBe(TOKEN);
    expect(message.info).toBe('com.example.app, alert, priority 5, expires 2025-11-21T15:46:40Z, collapse game1, 10 bytes');
  });

  it('gives every field a range inside the row, and frames that tile it', () => {
    const message = request();
    const check = (fields: readonly Field[], end: number): void => {
      for (const f of fields) {
        if (f.at !== undefined) expect(f.at.start <= f.at.end && f.at.end <= end).toBe(true);
        check(f.children ?? [], end);
      }
    };
    const frames = message.fields.find((f) => f.name === 'frames') as Field;
    check(message.fields, frames.at!.end);
    let at = 0;
    for (const frame of frames.children!) {
      expect(frame.at!.start).toBe(at);
      at = frame.at!.end;
    }
    expect(at).toBe(frames.at!.end);
  });

  const FAULTS: readonly (readonly [what: string, extra: Extra, code: string])[] = [
    ['no device token', { ':path': '/3/device/' }, 'http2.device-token-missing'],
    ['a token that is no hex', { ':path': '/3/device/xyz' }, 'http2.device-token-invalid'],
    ['a token of half bytes', { ':path': '/3/device/abc' }, 'http2.device-token-invalid'],
    ['the wrong method', { ':method': 'GET' }, 'http2.method-wrong'],
    ['an unknown path', { ':path': '/5/device/ab' }, 'http2.path-unknown'],
    ['no push type', { 'apns-push-type': undefined }, 'http2.push-type-missing'],
    ['an unknown push type', { 'apns-push-type': 'shout' }, 'http2.push-type-unknown'],
    ['a priority that is none', { 'apns-priority': '7' }, 'http2.priority-invalid'],
    ['a background push at priority 10', { 'apns-push-type': 'background', 'apns-priority': '10' }, 'http2.priority-for-type'],
    ['a background push at the default priority', { 'apns-push-type': 'background' }, 'http2.priority-for-type'],
    ['an expiration that is no number', { 'apns-expiration': 'soon' }, 'http2.expiration-invalid'],
    ['an expiration in milliseconds', { 'apns-expiration': '1763740000000' }, 'http2.expiration-milliseconds'],
    ['a provider token without a topic', { 'apns-topic': undefined, authorization: 'bearer a.b.c' }, 'http2.topic-missing'],
    ['the suffix of another type', { 'apns-topic': 'com.example.app.voip' }, 'http2.topic-suffix'],
    ['a long collapse id', { 'apns-collapse-id': 'ä'.repeat(33) }, 'http2.collapse-id-long'],
    ['an id that is no UUID', { 'apns-id': '1' }, 'http2.id-invalid'],
    ['an upper-case UUID', { 'apns-id': 'EABEAE54-14A8-11E5-B60B-1697F925EC7B' }, 'http2.id-upper-case'],
    ['host in place of :authority', { ':authority': undefined, host: 'api.push.apple.com' }, 'http2.host-for-authority'],
    ['no host at all', { ':authority': undefined }, 'http2.authority-missing'],
    ['another authorization scheme', { authorization: 'Basic eDp5' }, 'http2.authorization-scheme'],
    ['a compressed body', { 'content-encoding': 'gzip' }, 'http2.payload-compressed'],
    ['an upper-case header name', { 'Apns-Topic': 'x' }, 'http2.header-upper-case'],
    ['a header of HTTP/1.1', { 'transfer-encoding': 'chunked' }, 'http2.header-forbidden'],
    ['no scheme', { ':scheme': undefined }, 'http2.pseudo-header'],
    ['a pseudo-header of responses', { ':status': '200' }, 'http2.pseudo-header'],
    ['a wrong content length', { 'content-length': '11' }, 'http2.content-length'],
  ];

  it.each(FAULTS)('with %s is noted', (_, extra, code) => {
    expect(codes(request(extra))).toContain(code);
  });

  it.each(PUSH_TYPES)(
    'of type $name with the topic and priority it needs has no note',
    ({ name, suffix, priorities, expiration, tokenOnly }) => {
      const message = request({
        'apns-push-type': name,
        'apns-topic': `com.example.app${suffix}`,
        'apns-priority': String(priorities?.[0] ?? 10),
        'apns-expiration': String(expiration ?? 0),
      });
      // This request comes without a provider token.
      expect(codes(message)).toEqual(tokenOnly ? ['http2.token-needed'] : []);
    },
  );

  it('of type location with a provider token lacks none', () => {
    const message = request({ 'apns-push-type': 'location', authorization: 'bearer a.b.c' });
    expect(codes(message)).not.toContain('http2.token-needed');
  });

  it.each(PUSH_TYPES.filter((type) => type.suffix !== ''))('of type $name without its suffix is noted', ({ name, suffix, priorities }) => {
    const message = request({ 'apns-push-type': name, 'apns-priority': String(priorities?.[0] ?? 10) });
    expect(message.notes.filter((n) => n.code !== 'http2.token-needed')).toMatchObject([
      { code: 'http2.topic-suffix', detail: `${name} needs …${suffix}` },
    ]);
  });

  it('is measured against the payload limit of its type', () => {
    expect(codes(request({}, new Uint8Array(4096)))).toEqual([]);
    expect(codes(request({}, new Uint8Array(4097)))).toEqual(['http2.payload-large']);
    const voip = { 'apns-push-type': 'voip', 'apns-topic': 'com.example.app.voip' };
    expect(codes(request(voip, new Uint8Array(5120)))).toEqual([]);
    expect(codes(request(voip, new Uint8Array(5121)))).toEqual(['http2.payload-large']);
    expect(codes(request({}, ''))).toEqual(['http2.payload-empty']);
  });

  it('with a repeated header says which', () => {
    const message = request({ 'apns-priority': '10' }, '{}', [{ name: 'apns-priority', value: '5' }]);
    expect(message.notes).toMatchObject([{ code: 'http2.duplicate-header', detail: 'apns-priority, 2 times' }]);
  });

  it('shows control characters of the wire harmlessly', () => {
    const message = request({ 'apns-topic': 'a\u001b[31mb' });
    expect(message.info).toContain('a\\x1b[31mb');
    expect(JSON.stringify(message.fields.map((f) => f.text))).not.toContain('\u001b');
  });
});

describe('the provider token of a push', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signature = Buffer.alloc(64, 0xee).toString('base64url');
  const token = `${part({ alg: 'ES256', kid: 'ABC123DEFG', typ: 'JWT' })}.${part({ iss: 'TEAM123456', iat: 1763740000 })}.${signature}`;

  it('is taken apart, and its signature is marked as a credential', () => {
    for (const scheme of ['bearer', 'Bearer']) {
      const message = request({ authorization: `${scheme} ${token}` });
      expect(message.notes).toEqual([]);
      expect(['alg', 'kid', 'iss', 'iat', 'header.typ'].map((name) => fieldValue(message, `apns.jwt.${name}`))).toEqual([
        'ES256',
        'ABC123DEFG',
        'TEAM123456',
        1763740000,
        'JWT',
      ]);
      const jwt = message.fields.find((f) => f.name === 'jwt') as Field;
      expect(jwt.text).toBe('key ABC123DEFG, team TEAM123456, issued 2025-11-21T15:46:40Z');
      expect(jwt.children?.find((f) => f.name === 'signature')?.privacy).toBe('credential');
      expect(message.info).not.toContain(signature);
    }
  });

  it('is nowhere but in fields marked as a credential', () => {
    const message = request({ authorization: `bearer ${token}` });
    const open: Field[] = [];
    const walk = (fields: readonly Field[]): void => {
      for (const f of fields) {
        if (f.privacy !== 'credential') open.push({ ...f, children: [] });
        walk(f.children ?? []);
      }
    };
    walk(message.fields);
    expect(JSON.stringify(open.map((f) => [f.text, typeof f.value === 'string' ? f.value : '']))).not.toContain(signature);
  });

  it('brings its faults along', () => {
    expect(codes(request({ authorization: `bearer ${part({ alg: 'none' })}.${part({})}.` }))).toEqual([
      'jwt.algorithm',
      'jwt.key-id',
      'jwt.team-id',
      'jwt.issued-at',
      'jwt.signature',
    ]);
  });

  it('and the path in the header table are remarked', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    const list = [...pushHeaders({ authorization: `bearer ${token}` })].map((h) => ({ ...h, form: 'incremental' as const }));
    maker.data(0, concatBytes([PREFACE, w.settings(), w.headers(1, list), w.data(1, '{}')]));
    expect(codes(maker.rows[2].message)).toEqual(['http2.path-indexed', 'http2.authorization-indexed']);
  });
});

describe('a broadcast', () => {
  it('takes its topic from the path', () => {
    const message = request(BROADCAST);
    expect(message).toMatchObject({ command: 'broadcast', notes: [] });
    expect(fieldValue(message, 'apns.topic')).toBe('com.example.app');
    expect(fieldValue(message, 'apns.channel_id')).toBe('dHN0LXNyY2gtY2hubA==');
    expect(message.info).toBe(
      'com.example.app, liveactivity, channel dHN0LXNyY2gtY2hubA==, priority 10, expires 0 (one attempt, not stored), 10 bytes',
    );
  });

  it('needs a channel, an expiration, a priority and a push type', () => {
    const bare = request({
      ...BROADCAST,
      'apns-channel-id': undefined,
      'apns-expiration': undefined,
      'apns-priority': undefined,
      'apns-push-type': undefined,
    });
    expect(codes(bare).sort()).toEqual([
      'http2.channel-id-missing',
      'http2.expiration-missing',
      'http2.priority-missing',
      'http2.push-type-missing',
    ]);
    expect(codes(request({ ...BROADCAST, 'apns-topic': 'com.example.app' }))).toEqual(['http2.topic-ignored']);
    expect(codes(request({ ...BROADCAST, 'apns-channel-id': '?' }))).toEqual(['http2.channel-id-invalid']);
    expect(codes(request(BROADCAST, new Uint8Array(5121)))).toEqual(['http2.payload-large']);
  });
});

describe('an answer', () => {
  it('of success is one line', () => {
    const message = response('200', undefined, [{ name: 'apns-unique-id', value: 'eabeae54-14a8-11e5-b60b-1697f925ec7b' }]);
    expect(message).toMatchObject({ command: 'response', info: '200 OK', notes: [] });
    expect(fieldValue(message, 'http2.status')).toBe(200);
    expect(fieldValue(message, 'apns.unique_id')).toBe('eabeae54-14a8-11e5-b60b-1697f925ec7b');
  });

  it.each(REASONS.map((row) => ({ ...row })))('of $status $reason explains it', ({ status, reason, explanation, advice, undocumented }) => {
    const time = status === 410 ? ',"timestamp":1763740000123' : '';
    const message = response(String(status), `{"reason":"${reason}"${time}}`);
    expect(codes(message)).toEqual(['http2.rejected', ...(undocumented ? ['http2.reason-undocumented'] : [])]);
    expect(details(message)[0]).toBe(`${status} ${reason}`);
    expect(fieldValue(message, 'apns.reason')).toBe(reason);
    expect(message.fields.map((f) => f.value)).toEqual(expect.arrayContaining([explanation, advice]));
    expect(message.info).toContain(`: ${reason}`);
  });

  it('of 410 gives the date, in milliseconds, and notes seconds', () => {
    const millis = response('410', '{"reason":"Unregistered","timestamp":1763740000123}');
    expect(millis.fields.find((f) => f.filter === 'apns.inactive_since')).toMatchObject({
      value: 1763740000123n,
      text: '2025-11-21T15:46:40.123Z',
    });
    const seconds = response('410', '{"reason":"Unregistered","timestamp":1763740000}');
    expect(codes(seconds)).toContain('http2.timestamp-seconds');
    expect(fieldValue(seconds, 'apns.inactive_since')).toBe(1763740000000n);
    expect(codes(response('410', '{"reason":"ExpiredToken"}'))).toContain('http2.timestamp-missing');
    expect(codes(response('410', '{"reason":"ExpiredToken","timestamp":1e400}'))).toContain('http2.timestamp-missing');
  });

  it('with an unknown reason, another status, or none at all is noted', () => {
    expect(codes(response('400', '{"reason":"Nope"}'))).toContain('http2.reason-unknown');
    expect(codes(response('403', '{"reason":"BadDeviceToken"}'))).toContain('http2.reason-status');
    expect(codes(response('502', '<html>'))).toContain('http2.reason-missing');
    expect(codes(response('400', '['.repeat(16000)))).toContain('http2.reason-missing');
  });

  it('of success with an empty DATA frame is remarked', () => {
    expect(codes(response('200', ''))).toEqual(['http2.success-body']);
  });
});
