import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateway } from '../../../src/codec/gateway.ts';
import { concatBytes, toHex } from '../../../src/core/bytes.ts';
import { FaultEngine } from '../../../src/emulator/faults/engine.ts';
import { GATEWAY_DEFAULTS, type GatewayOutput, GatewayPeer, type GatewaySettings } from '../../../src/emulator/gateway/peer.ts';
import { GATEWAY } from '../../../src/schema/provider.ts';
import { hex } from '../../support/courier-play.ts';
import { type Core, core } from '../../support/emulator-core.ts';

const GOOD = 'ab'.repeat(32);
const UNKNOWN = 'cd'.repeat(32);
const APP = 'com.example.app';

interface Harness extends Core {
  readonly faults: FaultEngine;
  readonly peer: GatewayPeer;
}

function harness(settings: Partial<GatewaySettings> = {}, topic: string | undefined = APP): Harness {
  const parts = core();
  const faults = new FaultEngine(parts.clock, parts.random, parts.events);
  parts.registry.addDevice({ token: GOOD });
  return { ...parts, faults, peer: new GatewayPeer({ ...parts, faults, settings: { ...GATEWAY_DEFAULTS, ...settings } }, 1, topic) };
}

const note = (identifier: number, token = GOOD, payload: string | Uint8Array = '{"aps":{}}', more = {}): Uint8Array =>
  gateway.encode('notification', { token: hex(token), payload, identifier, ...more }, 0);
const simple = (token: string): Uint8Array => gateway.encode('simple_notification', { token: hex(token), payload: '{}' }, 0);
const enhanced = (identifier: number, token: string, expiry = 0): Uint8Array =>
  gateway.encode('enhanced_notification', { token: hex(token), payload: '{}', identifier, expiry }, 0);
const item = (id: number, value: string): string =>
  `${id.toString(16).padStart(2, '0')}${(value.length / 2).toString(16).padStart(4, '0')}${value}`;
const frame = (items: string): Uint8Array => hex(`02${(items.length / 2).toString(16).padStart(8, '0')}${items}`);

/** Hex of what is sent, and how it ends. */
const told = (outputs: readonly GatewayOutput[]): string[] =>
  outputs.map((output) => (output.kind === 'send' ? toHex(output.bytes) : output.kind === 'close' ? `close ${output.how}` : 'wake'));

describe('the gateway', () => {
  it('is silent on success, for all three commands on one connection', () => {
    const { peer, journal } = harness();
    expect(peer.hear(concatBytes([simple(GOOD), enhanced(7, GOOD), note(8)]))).toEqual([]);
    expect(peer.accepted).toBe(3);
    expect(journal.query({ server: 'gateway' }).map(({ command, status }) => [command, status])).toEqual([
      ['simple_notification', 0],
      ['enhanced_notification', 0],
      ['notification', 0],
    ]);
  });

  it('answers a bad token with one packet, closes, and discards and counts everything behind it', () => {
    const { peer, journal, delivery } = harness();
    expect(told(peer.hear(concatBytes([note(1), note(2, UNKNOWN), note(3), note(4)])))).toEqual(['080800000002', 'close end']);
    expect(told(peer.hear(note(5)))).toEqual([]);
    expect([peer.accepted, peer.discarded]).toEqual([1, 3]);
    expect(journal.query({ reason: 'discarded' }).map(({ id }) => id)).toEqual(['3', '4', '5']);
    expect(delivery.store.count()).toBe(0);
  });

  const STATUSES: readonly [number, string, Uint8Array, Partial<GatewaySettings>?, string?][] = [
    [2, 'no token item', frame(item(2, '7b7d') + item(3, '00000009'))],
    [2, 'an empty token', frame(item(1, '') + item(2, '7b7d') + item(3, '00000009'))],
    [3, 'no topic', note(9), {}, ''],
    [4, 'no payload item', frame(item(1, GOOD) + item(3, '00000009'))],
    [4, 'an empty payload', note(9, GOOD, '')],
    [5, 'a token of 31 bytes', frame(item(1, GOOD.slice(2)) + item(2, '7b7d') + item(3, '00000009'))],
    [7, 'a payload of 2049 bytes', note(9, GOOD, new Uint8Array(2049))],
    [7, 'a payload of 257 bytes in the days of 256', note(9, GOOD, new Uint8Array(257)), { payloadLimit: 256 }],
    [8, 'an unknown token', note(9, UNKNOWN)],
    [128, 'an item twice', frame(item(3, '00000009') + item(1, GOOD) + item(1, GOOD) + item(2, '7b7d'))],
    [128, 'an expiration of two bytes', frame(item(3, '00000009') + item(1, GOOD) + item(2, '7b7d') + item(4, '0001'))],
    [128, 'an item that overruns the frame', frame(`${item(3, '00000009')}0100ffab`)],
  ];
  for (const [status, what, bytes, settings = {}, topic] of STATUSES) {
    it(`answers ${what} with status ${status} (${GATEWAY.error_response.fields.status.names[status as 0]})`, () => {
      const { peer } = harness(settings, topic === '' ? undefined : APP);
      const [first] = told((topic === '' ? noTopic(settings) : peer).hear(bytes));
      expect(first).toBe(`08${status.toString(16).padStart(2, '0')}00000009`);
    });
  }
  const noTopic = (settings: Partial<GatewaySettings>): GatewayPeer => {
    const parts = harness(settings);
    return new GatewayPeer({ ...parts, settings: { ...GATEWAY_DEFAULTS, ...settings } }, 1, undefined);
  };

  it('holds a priority that is given to 10 and 5, and 10 to pushes that show something', () => {
    const wake = '{"aps":{"content-available":1}}';
    const shown = '{"aps":{"content-available":1,"alert":"x"}}';
    for (const [priority, payload, sent] of [
      [10, '{"aps":{}}', []],
      [5, wake, []],
      [10, shown, []],
      [10, 'content-available', []],
      [10, '{"aps":null,"x":"content-available"}', []],
      [undefined, wake, []],
      [10, wake, ['080100000009', 'close end']],
      [7, '{"aps":{}}', ['080100000009', 'close end']],
      [0, '{"aps":{}}', ['080100000009', 'close end']],
    ] as const) {
      const more = priority === undefined ? {} : { priority };
      expect([priority, payload, told(harness().peer.hear(note(9, GOOD, payload, more)))]).toEqual([priority, payload, sent]);
    }
  });

  it('answers what is no command with status 128', () => {
    expect(told(harness().peer.hear(hex('4745540a')))).toEqual(['088000000000', 'close end']);
  });

  for (const status of [1, 6, 10, 255]) {
    it(`answers with status ${status} when a rule says so`, () => {
      const { peer, faults } = harness();
      faults.add({ when: { server: 'gateway', nth: 2 }, do: { status } });
      expect(told(peer.hear(concatBytes([note(1), note(2)])))).toEqual([`08${status.toString(16).padStart(2, '0')}00000002`, 'close end']);
    });
  }

  it('closes without a packet after a bad simple notification, or with identifier 0 when set so', () => {
    expect(told(harness().peer.hear(simple(UNKNOWN)))).toEqual(['close end']);
    expect(told(harness({ simpleErrors: 'packet' }).peer.hear(simple(UNKNOWN)))).toEqual(['080800000000', 'close end']);
  });

  it('takes dead tokens in silence and lists them for feedback once', () => {
    const { peer, registry, feedback, clock } = harness();
    registry.setState(registry.token(GOOD)!, 'unregistered', clock.now() - 60_000);
    expect(peer.hear(concatBytes([note(1), note(2)]))).toEqual([]);
    expect(feedback.read([APP])).toEqual([{ token: GOOD, time: clock.now() / 1000 - 60 }]);
    expect(feedback.read([APP])).toEqual([]);
  });

  it('shuts down with status 10 and the last identifier that went through', () => {
    const { peer } = harness();
    peer.hear(concatBytes([note(41), note(42)]));
    expect(told(peer.shutdown())).toEqual(['080a0000002a', 'close end']);
    expect(peer.shutdown()).toEqual([]);
  });

  it('stores framed notifications only when they have an expiry, simple ones always', () => {
    const { peer, delivery, registry } = harness();
    peer.hear(note(1));
    expect(delivery.store.count()).toBe(0);
    peer.hear(note(2, GOOD, '{}', { expiry: 2_000_000_000 }));
    peer.hear(simple(GOOD));
    expect(delivery.store.count(registry.device(GOOD))).toBe(1);
  });

  it('keeps the order behind a delayed notification', () => {
    const { peer, faults, clock } = harness();
    faults.add({ when: { nth: 1 }, do: { delay: 300, status: 8 } });
    expect(peer.hear(concatBytes([note(1), note(2)]))).toEqual([{ kind: 'wake', at: clock.now() + 300 }]);
    expect(peer.accepted).toBe(0);
    expect(told(peer.resume())).toEqual(['080800000001', 'close end']);
    expect(peer.discarded).toBe(1);
  });

  it('drops, resets and half-closes by rule', () => {
    const { peer, faults } = harness();
    faults.add({ when: { nth: 1 }, do: { drop: true } });
    faults.add({ when: { nth: 1 }, do: { close: 'half' } });
    faults.add({ when: { nth: 1 }, do: { close: 'reset' } });
    expect(told(peer.hear(concatBytes([note(1), note(2), note(3), note(4)])))).toEqual(['close half', 'close reset']);
    expect([peer.accepted, peer.discarded]).toEqual([1, 1]);
  });

  it('says the same however the bytes are cut', () => {
    const bytes = concatBytes([note(1), enhanced(2, GOOD), simple(GOOD), note(3, UNKNOWN), note(4)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 }), (cuts) => {
        const { peer } = harness();
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const said = places.slice(1).flatMap((end, i) => told(peer.hear(bytes.subarray(places[i], end))));
        expect(said).toEqual(['080800000003', 'close end']);
        expect([peer.accepted, peer.discarded]).toEqual([3, 1]);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('answers any bytes with nothing or one packet, and never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (chunks) => {
        const { peer } = harness();
        const said = chunks.flatMap((chunk) => told(peer.hear(chunk)));
        expect(said.filter((output) => output.startsWith('08')).length).toBeLessThanOrEqual(1);
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
