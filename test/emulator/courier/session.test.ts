import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import type { CourierSession } from '../../../src/emulator/courier/session.ts';
import { writeSubscription } from '../../../src/emulator/courier/subscription.ts';
import { Push, pushBody } from '../../../src/emulator/push.ts';
import { hex, type Play, play, type Script, topic } from '../../support/courier-play.ts';
import { NOON } from '../../support/emulator-core.ts';

const TOKEN = 'ab'.repeat(32);
const APP = 'com.example.app';

function connected(p: Play, token = TOKEN, facts = {}): { session: CourierSession; script: Script } {
  const { session, script } = p.open(facts);
  session.hear({ command: 'connect', fields: { token: hex(token), state: 1, protocol_version: 12 } });
  session.hear({ command: 'filter', fields: { token: hex(token), enabled: [topic(APP)] } });
  script.take();
  return { session, script };
}

function submit(p: Play, more: Partial<Parameters<typeof pushBody>[0]> = {}, token = TOKEN): Push {
  const push = new Push(p.random.uuid(), 'http2', token, pushBody({ topic: APP, payload: Buffer.from('{}'), ...more }), p.clock.now());
  p.delivery.submit(push);
  return push;
}

describe('connecting', () => {
  it('assigns a token to a device without one, after field 5, and tells limits and time', () => {
    const p = play();
    const { session, script } = p.open();
    session.hear({ command: 'connect', fields: { state: 1, protocol_version: 12 } });
    const [response] = script.take();
    expect(response).toMatchObject({
      command: 'connect_response',
      fields: {
        status: 0,
        message_size: 4096,
        unknown5: 2,
        large_message_size: 15360,
        server_time: BigInt(NOON),
        min_keep_alive: 5,
        max_keep_alive: 30,
      },
    });
    const token = toHex(response.fields['token'] as Uint8Array);
    expect(p.registry.device(token)?.endpoint).toBe(session);
    expect(Object.keys(response.fields).indexOf('unknown5')).toBeGreaterThan(0);
  });

  it('keeps the token that a device brings, and does not repeat it', () => {
    const p = play();
    const { session, script } = p.open();
    session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    expect(script.take()[0].fields).not.toHaveProperty('token');
    expect(p.registry.device(TOKEN)).toBeDefined();
  });

  it('gives the same device its token again when only its key is known', () => {
    const p = play();
    const first = p.open({ tlsIdentity: 'key-1' });
    first.session.hear({ command: 'connect', fields: { state: 1 } });
    const token = toHex(first.script.take()[0].fields['token'] as Uint8Array);
    first.session.disconnected();
    const again = p.open({ tlsIdentity: 'key-1' });
    again.session.hear({ command: 'connect', fields: { state: 1 } });
    expect(toHex(again.script.take()[0].fields['token'] as Uint8Array)).toBe(token);
  });

  it('gives a device that is known by its key alone the same token in every run', () => {
    const tokens = [play(), play()].map((p) => {
      const { session, script } = p.open({ tlsIdentity: 'key-1' });
      session.hear({ command: 'connect', fields: { state: 1 } });
      return toHex(script.take()[0].fields['token'] as Uint8Array);
    });
    expect(tokens[1]).toBe(tokens[0]);
  });

  it('gives a key of its own a token of its own when it brings that of another', () => {
    const p = play();
    p.open({ tlsIdentity: 'key-1' }).session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    const thief = p.open({ tlsIdentity: 'key-2' });
    thief.session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    expect(toHex(thief.script.take()[0].fields['token'] as Uint8Array)).not.toBe(TOKEN);
  });

  it('reassigns the token when asked to; the old one is unregistered', () => {
    const p = play();
    const device = p.registry.addDevice({ token: TOKEN });
    device.reassign = true;
    const { session, script } = p.open();
    session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    expect(toHex(script.take()[0].fields['token'] as Uint8Array)).toBe(device.token);
    expect(device.token).not.toBe(TOKEN);
    expect(p.registry.token(TOKEN)?.state).toBe('unregistered');
  });

  it('closes the older of two connections of one token, and delivers to the newer', () => {
    const p = play();
    const first = connected(p);
    const second = connected(p);
    expect(first.script.closed).toContain('newer');
    submit(p);
    expect(second.script.commands()).toEqual(['message']);
    expect(first.script.commands()).toEqual([]);
  });

  it('serves further users over one connection, as a Mac has them', () => {
    const p = play();
    const { session, script } = connected(p);
    const other = 'cd'.repeat(32);
    session.hear({ command: 'connect', fields: { token: hex(other), state: 1 } });
    session.hear({ command: 'filter', fields: { token: hex(other), enabled: [topic('com.example.other')] } });
    script.take();
    submit(p);
    submit(p, { topic: 'com.example.other' }, other);
    expect(script.take().map(({ fields }) => toHex(fields['token'] as Uint8Array))).toEqual([TOKEN, other]);
  });

  it('refuses other commands before Connect', () => {
    const { session, script } = play().open();
    session.hear({ command: 'keep_alive', fields: {} });
    expect(script.closed).toBe('keep_alive before connect');
    expect(script.commands()).toEqual([]);
  });

  it('refuses tokens that are not 32 bytes long with status 2', () => {
    const { session, script } = play().open();
    session.hear({ command: 'connect', fields: { token: hex('abcd'), state: 1 } });
    expect(script.take()[0]).toMatchObject({ fields: { status: 2, invalid_presence_reason: 'token' } });
    expect(script.closed).toBe('token');
  });

  it('goes away on state 2: later pushes are stored', () => {
    const p = play();
    const { session, script } = connected(p);
    session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 2 } });
    expect(script.commands()).toEqual(['connect_response']);
    expect(submit(p).state).toBe('stored');
  });
});

describe('proof of identity', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it('is demanded of clients with ALPN v3 and pack, not of older ones, and can be switched off', () => {
    const asked = (settings: Parameters<typeof play>[0], alpn: string | undefined): number => {
      const { session, script } = play(settings).open({ alpn });
      session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
      return script.take()[0].fields['status'] as number;
    };
    expect(asked({ verify: 'require' }, 'apns-security-v3')).toBe(2);
    expect(asked({ verify: 'require' }, 'apns-pack-v1')).toBe(2);
    expect(asked({ verify: 'require' }, 'apns-security-v2')).toBe(0);
    expect(asked({ verify: 'require' }, undefined)).toBe(0);
    expect(asked({ verify: 'present' }, 'apns-security-v3')).toBe(0);
    expect(asked({ verify: 'off' }, 'apns-security-v3')).toBe(0);
  });

  it('refuses what is no certificate', () => {
    const p = play({ verify: 'require' });
    const { session, script } = p.open();
    session.hear({
      command: 'connect',
      fields: { state: 1, certificate: [hex('3003020100')], nonce: new Uint8Array(17), signature: new Uint8Array(130) },
    });
    expect(script.take()[0].fields).toMatchObject({ status: 2, invalid_presence_reason: 'certificate' });
    expect(key).toContain('PRIVATE');
  });
});

describe('filters and the store', () => {
  it('answers a filter that has a version, then says NoStorage when nothing waits', () => {
    const { session, script } = play().open();
    session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    session.hear({ command: 'filter', fields: { token: hex(TOKEN), enabled: [topic(APP)], version: 7n } });
    expect(script.take().slice(1)).toMatchObject([
      { command: 'filter_response', fields: { version: 7n, status: 0 } },
      { command: 'no_storage', fields: { token: hex(TOKEN) } },
    ]);
    session.hear({ command: 'filter', fields: { token: hex(TOKEN), enabled: [] } });
    expect(script.commands()).toEqual([]);
  });

  it('delivers to enabled, opportunistic and non-waking topics, holds paused ones, drops ignored ones', () => {
    const p = play();
    const { session, script } = connected(p);
    const filter = {
      token: hex(TOKEN),
      enabled: [topic('e')],
      ignored: [topic('i')],
      opportunistic: [topic('o')],
      paused: [topic('p')],
      non_waking: [topic('n')],
    };
    session.hear({ command: 'filter', fields: filter });
    const states = ['e', 'i', 'o', 'p', 'n', 'unknown'].map((name) => submit(p, { topic: name }).state);
    expect(states).toEqual(['delivered', 'dropped', 'delivered', 'stored', 'delivered', 'stored']);
    script.take();
    session.hear({ command: 'filter', fields: { ...filter, enabled: [topic('e'), topic('p')], paused: [] } });
    expect(script.take()).toMatchObject([{ command: 'message', fields: { storage_flags: 3 } }]);
  });

  it('stores one push for each topic while the device is away, the newest, and flags the last', () => {
    const p = play();
    p.registry.addDevice({ token: TOKEN });
    const old = submit(p, { payload: Buffer.from('1') });
    submit(p, { payload: Buffer.from('2') });
    submit(p, { topic: 'com.example.two', payload: Buffer.from('3') });
    expect(old.state).toBe('replaced');
    const { session, script } = p.open();
    session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    session.hear({ command: 'filter', fields: { enabled: [topic(APP), topic('com.example.two')] } });
    const messages = script.take().filter(({ command }) => command === 'message');
    expect(messages.map(({ fields }) => [Buffer.from(fields['payload'] as Uint8Array).toString(), fields['legacy_storage_flags']])).toEqual(
      [
        ['2', 1],
        ['3', 3],
      ],
    );
  });

  it('stores nothing with expiry 0, and drops what has expired meanwhile', () => {
    const p = play();
    p.registry.addDevice({ token: TOKEN });
    expect(submit(p, { expiry: 0 }).state).toBe('dropped');
    const dying = submit(p, { expiry: NOON / 1000 + 60 });
    expect(dying.state).toBe('stored');
    p.clock.advance(61_000);
    const { script } = connected(p);
    expect(script.commands()).toEqual([]);
    expect(dying.state).toBe('expired');
  });

  it('sends what was not acknowledged again on the next connection, from storage', () => {
    const p = play();
    const { session, script } = connected(p);
    const first = submit(p);
    const second = submit(p);
    const [message] = script.take();
    session.hear({ command: 'message_ack', fields: { id: message.fields['id'] as number, status: 0, token: hex(TOKEN) } });
    session.disconnected();
    expect([first.state, second.state]).toEqual(['acknowledged', 'stored']);
    const again = p.open();
    again.session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1, protocol_version: 12 } });
    again.session.hear({ command: 'filter', fields: { enabled: [topic(APP)] } });
    expect(again.script.take().at(-1)).toMatchObject({ command: 'message', fields: { storage_flags: 3 } });
    expect(second).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  it('replaces a stored push of the same collapse id where all are kept', () => {
    const p = play();
    p.delivery.settings.keep = 'all';
    p.registry.addDevice({ token: TOKEN });
    const states = [submit(p), submit(p, { collapseId: 'c' }), submit(p, { collapseId: 'c' })];
    expect(states.map(({ state }) => state)).toEqual(['stored', 'replaced', 'stored']);
  });
});

describe('messages', () => {
  it('carry id, expiry, time in nanoseconds and priority, and acks without an id count in order', () => {
    const p = play();
    const { session, script } = connected(p);
    const push = submit(p, { expiry: 2_000_000_000, priority: 5 });
    expect(script.take()[0].fields).toMatchObject({
      id: 1,
      expiry: 2_000_000_000,
      timestamp: BigInt(NOON) * 1_000_000n,
      priority: 5,
      storage_flags: 0,
    });
    session.hear({ command: 'message_ack', fields: { status: 3 } });
    expect(push).toMatchObject({ state: 'acknowledged', ackStatus: 3 });
    expect(session.pending).toBe(0);
  });

  it('go from device to device, by the token field and by the tokens in the payload', () => {
    const p = play();
    const a = connected(p, 'aa'.repeat(32));
    const b = connected(p, 'bb'.repeat(32));
    a.session.hear({
      command: 'message',
      fields: { id: 9, topic: topic(APP), token: hex('bb'.repeat(32)), payload: Buffer.from('hello') },
    });
    expect(a.script.take()).toMatchObject([{ command: 'message_ack', fields: { status: 0, id: 9 } }]);
    expect(b.script.take()).toMatchObject([{ command: 'message', fields: { payload: Buffer.from('hello') } }]);
    const payload = Buffer.from(JSON.stringify({ dtl: [{ t: 'bb'.repeat(32) }] }));
    a.session.hear({ command: 'message', fields: { id: 10, topic: topic(APP), token: hex('aa'.repeat(32)), payload } });
    expect(b.script.commands()).toEqual(['message']);
  });

  it('that are too large are answered with status 3', () => {
    const p = play();
    const { session, script } = connected(p);
    session.hear({ command: 'message', fields: { id: 1, topic: topic(APP), payload: new Uint8Array(15361) } });
    expect(script.take()).toMatchObject([{ command: 'message_ack', fields: { status: 3 } }]);
  });

  it('to a scoped token name the base token as well', () => {
    const p = play();
    const { session, script } = connected(p);
    session.hear({ command: 'app_token_generate', fields: { topic: topic(APP), base_token: hex(TOKEN), app_id: 4 } });
    const [answer] = script.take();
    expect(answer).toMatchObject({ command: 'app_token_generate_response', fields: { status: 0, topic: topic(APP), app_id: 4 } });
    const scoped = toHex(answer.fields['token'] as Uint8Array);
    submit(p, {}, scoped);
    expect(script.take()[0].fields).toMatchObject({ token: hex(scoped), base_token: hex(TOKEN) });
    expect(p.delivery.judge(scoped, 'com.example.other', toHex(topic('com.example.other')))).toMatchObject({
      taken: false,
      why: 'not-for-topic',
    });
  });
});

describe('the rest of a session', () => {
  it('answers keep-alives, flushes with the padding they ask for, and tracking', () => {
    const { session, script } = connected(play());
    session.hear({ command: 'keep_alive', fields: { interval: '15' } });
    session.hear({ command: 'flush', fields: { want_padding: 128, padding: new Uint8Array(64) } });
    session.hear({ command: 'flush', fields: { padding: new Uint8Array(64) } });
    session.hear({ command: 'presence_tracking', fields: { id: 5, token: hex(TOKEN) } });
    expect(script.take()).toMatchObject([
      { command: 'keep_alive_response' },
      { command: 'flush_response', fields: { padding: new Uint8Array(128) } },
      { command: 'flush_response', fields: { padding: new Uint8Array(64) } },
      { command: 'presence_tracking_response', fields: { id: 5, status: 0 } },
    ]);
  });

  it('records everything that it hears, keep-alives and acks too', () => {
    const p = play();
    const { session } = connected(p);
    submit(p);
    session.hear({ command: 'keep_alive', fields: { interval: '15' } });
    session.hear({ command: 'message_ack', fields: { id: 1, status: 2, token: hex(TOKEN) } });
    expect(p.journal.query({ server: 'courier' }).slice(-2)).toMatchObject([
      { command: 'keep_alive', token: TOKEN },
      { command: 'message_ack', token: TOKEN, id: '1', status: 2 },
    ]);
  });

  it('keeps going over commands that nobody can name, and acks for nothing', () => {
    const { session, script } = connected(play());
    session.hear({ command: 'unknown_1f', fields: {} });
    session.hear({ command: 'message_ack', fields: { id: 77, status: 0 } });
    expect(script.commands()).toEqual([]);
    expect(script.closed).toBeUndefined();
  });

  it('subscribes to channels and gives the stored message to who has not seen it', () => {
    const p = play();
    const { session, script } = connected(p);
    const channel = p.channels.create(APP, 1, 'LiveActivity');
    channel.latest = { body: pushBody({ topic: APP, payload: Buffer.from('score'), channel: channel.id }), at: NOON - 1000 };
    const wish = { topic: APP, channel: channel.id, last: 0n, drop: false };
    session.hear({
      command: 'pub_sub_channel_list',
      fields: { id: 3, token: hex(TOKEN), payload: writeSubscription({ wishes: [wish], replace: true }) },
    });
    const said = script.take();
    expect(said).toMatchObject([
      { command: 'pub_sub_channel_list', fields: { id: 3, status: 0 } },
      { command: 'message', fields: { payload: Buffer.from('score') } },
    ]);
    expect(said[1].fields).toHaveProperty('pub_sub_info');
    session.hear({
      command: 'pub_sub_channel_list',
      fields: { id: 4, payload: writeSubscription({ wishes: [{ ...wish, drop: true }], replace: false }) },
    });
    expect(p.registry.device(TOKEN)?.subscriptions?.size).toBe(0);
  });

  it('redirects and flushes when told to', () => {
    const { session, script } = connected(play());
    session.flush(256);
    session.redirect('maintenance');
    expect(script.take()).toMatchObject([
      { command: 'flush', fields: { want_padding: 256 } },
      { command: 'redirect', fields: { redirect_reason: 'maintenance' } },
    ]);
    expect(script.closed).toBe('redirect');
  });
});

describe('rules', () => {
  it('refuse a Connect, swallow, delay and close', () => {
    const p = play();
    p.faults.add({ when: { command: 'connect' }, times: 1, do: { status: 2 } });
    const first = p.open();
    first.session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1 } });
    expect(first.script.take()).toMatchObject([{ fields: { status: 2 } }]);
    const { session, script } = connected(p);
    p.faults.add({ when: { command: 'flush' }, do: { drop: true } });
    p.faults.add({ when: { command: 'keep_alive' }, times: 1, do: { delay: 500 } });
    session.hear({ command: 'flush', fields: { want_padding: 8 } });
    session.hear({ command: 'keep_alive', fields: {} });
    expect(script.commands()).toEqual([]);
    p.clock.advance(500);
    expect(script.commands()).toEqual(['keep_alive_response']);
    p.faults.add({ when: { command: 'keep_alive' }, do: { close: 'after' } });
    session.hear({ command: 'keep_alive', fields: {} });
    expect(script.commands()).toEqual(['keep_alive_response']);
    expect(script.closed).toBe('rule');
  });

  it('drop and delay deliveries; what was dropped comes again on the next connection', () => {
    const p = play();
    const { session, script } = connected(p);
    p.faults.add({ when: { on: 'delivery', topic: APP, nth: 1 }, do: { drop: true } });
    p.faults.add({ when: { on: 'delivery', nth: 1 }, do: { delay: 100 } });
    const lost = submit(p);
    submit(p);
    expect(script.commands()).toEqual([]);
    p.clock.advance(100);
    expect(script.commands()).toEqual(['message']);
    p.faults.clear();
    session.disconnected();
    const again = connected(p);
    expect(lost.attempts).toBe(2);
    expect(again.session.pending).toBe(2);
  });
});
