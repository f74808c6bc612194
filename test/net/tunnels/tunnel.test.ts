import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SKIP } from '../../../src/net/layer.ts';
import { MAX_TUNNEL_DEPTH, tunnelDepth } from '../../../src/net/tunnels/identity.ts';
import {
  ascii,
  be16,
  be32,
  bytes,
  ethernet,
  frame,
  gre,
  gtp,
  ipv4,
  join,
  OUTER_CLIENT,
  OUTER_SERVER,
  outer4,
  overlay,
  udp,
  vxlan,
  zeros,
} from '../../support/encapsulate.ts';
import { conversation, IPV6_TUNNELS, TUNNEL_ENCAPSULATIONS } from '../../support/encapsulations.ts';
import { LayerWalker } from '../../support/layer-walker.ts';

const HELLO = ascii('a payload that is looked for');
const STEPS = [
  { fromClient: true, payload: HELLO },
  { fromClient: false, payload: ascii('an answer') },
];
const EVERY_TUNNEL = [
  ...TUNNEL_ENCAPSULATIONS.flatMap((encapsulation) => [4 as const, 6 as const].map((version) => ({ ...encapsulation, version }))),
  ...IPV6_TUNNELS.map((encapsulation) => ({ ...encapsulation, version: 6 as const })),
];

function walk(packets: readonly Uint8Array[], linkType = 101): LayerWalker {
  const walker = new LayerWalker();
  for (const packet of packets) walker.packet(linkType, packet);
  return walker;
}

describe('every tunnel hands on the packet that it carries', () => {
  for (const { name, linkType, wrap, version } of EVERY_TUNNEL) {
    it(`${name}, IPv${version}: in place, under one identity for both directions`, () => {
      const walker = new LayerWalker();
      for (const { ip, fromClient } of conversation(STEPS, version)) {
        const [packet] = wrap(ip, fromClient);
        expect(walker.packet(linkType, packet, 9000)).toBe(true);
        const last = walker.found[walker.found.length - 1];
        expect(packet.slice(last.address - 9000, last.address - 9000 + last.payload.length)).toEqual(last.payload);
      }
      expect(walker.skips).toEqual([]);
      expect(walker.found.map(({ payload }) => payload)).toEqual([zeros(0), zeros(0), zeros(0), HELLO, STEPS[1].payload]);
      const identities = new Set(walker.found.map(({ tunnel }) => tunnel));
      expect(identities.size).toBe(1);
      const [identity] = identities;
      expect(Number.isInteger(identity) && identity > 0 && identity < 2 ** 30).toBe(true);
      expect(tunnelDepth(identity)).toBeGreaterThan(0);
    });
  }
});

describe('equal inner addresses in two tunnels', () => {
  const [syn] = conversation([], 4);
  const identities = (...packets: Uint8Array[]): number => new Set(walk(packets).found.map(({ tunnel }) => tunnel)).size;

  it('are two streams when the network id, key, protocol or outer address differs', () => {
    const inner = frame(syn.ip);
    expect(identities(overlay(4789, vxlan(1, inner), true), overlay(4789, vxlan(2, inner), true))).toBe(2);
    const keyed = (key: number): Uint8Array => outer4(47, gre(0x2000, 0x0800, be32(key), syn.ip), true);
    expect(identities(keyed(1), keyed(2), keyed(1))).toBe(2);
    expect(identities(outer4(4, syn.ip, true), keyed(0), syn.ip)).toBe(3);
    expect(identities(ipv4(4, OUTER_CLIENT, OUTER_SERVER, syn.ip), ipv4(4, OUTER_CLIENT, '198.51.100.21', syn.ip))).toBe(2);
    expect(identities(outer4(4, outer4(4, syn.ip, true), true), outer4(4, syn.ip, true))).toBe(2);
  });

  it('are paired by direction when the keys differ by direction, in the order in which the tunnels appear', () => {
    const up = (teid: number, packet: Uint8Array): Uint8Array => outer4(17, udp(2152, 2152, gtp(teid, packet)), true);
    const down = (teid: number, packet: Uint8Array): Uint8Array => outer4(17, udp(2152, 2152, gtp(teid, packet)), false);
    const [first, answer, ack] = conversation([], 4).map(({ ip }) => ip);
    const walker = walk([up(11, first), up(12, first), down(21, answer), down(22, answer), up(12, ack), down(22, answer), up(11, ack)]);
    const [u11, u12, d21, d22, again12, again22, again11] = walker.found.map(({ tunnel }) => tunnel);
    expect(u11).not.toBe(u12);
    expect([d21, d22, again12, again22, again11]).toEqual([u11, u12, u12, u12, u11]);
  });

  it('are paired by what they carry when their inner conversations differ', () => {
    const up = (teid: number, packet: Uint8Array): Uint8Array => outer4(17, udp(2152, 2152, gtp(teid, packet)), true);
    const down = (teid: number, packet: Uint8Array): Uint8Array => outer4(17, udp(2152, 2152, gtp(teid, packet)), false);
    const [first, answer] = conversation([], 4).map(({ ip }) => ip);
    const other = first.slice();
    const otherAnswer = answer.slice();
    other[15] = otherAnswer[19] = 99;
    const walker = walk([up(11, first), up(12, other), down(22, otherAnswer), down(21, answer)]);
    const [u11, u12, d22, d21] = walker.found.map(({ tunnel }) => tunnel);
    expect([d22, d21]).toEqual([u12, u11]);
  });
});

describe('what only looks like a tunnel', () => {
  const quiet = (packet: Uint8Array): void => expect(walk([packet]).found).toEqual([]);

  it('is left alone: control messages, other versions, other content', () => {
    const [{ ip }] = conversation([], 4);
    quiet(overlay(1701, join(be16(0xc802), be16(12), zeros(8)), true));
    quiet(overlay(2152, join(bytes(0x32, 1), be16(4), zeros(8)), true));
    quiet(overlay(2152, join(bytes(0x30, 0xff), be16(8), be32(1), ascii('nonsense')), true));
    quiet(overlay(4789, join(bytes(0, 0, 0, 0), zeros(4), frame(ip)), true));
    quiet(overlay(6081, join(bytes(0x40, 0), be16(0x6558), zeros(4), frame(ip)), true));
    quiet(overlay(3544, ascii('neither header nor IPv6'), true));
    quiet(overlay(53, ip, true));
    quiet(outer4(47, join(be16(0x0005), be16(0x0800), ip), true));
    quiet(outer4(97, join(bytes(0x20, 0), frame(ip)), true));
    quiet(outer4(115, join(be32(0), ip), true));
    quiet(outer4(50, ip, true));
  });
});

describe('hostile tunnels', () => {
  it('end at the depth limit', () => {
    let [{ ip }] = conversation([], 4);
    for (let i = 0; i < MAX_TUNNEL_DEPTH; i++) ip = outer4(4, ip, true);
    expect(walk([ip]).found.length).toBe(1);
    const deeper = walk([outer4(4, ip, true)]);
    expect([deeper.found.length, deeper.skips]).toEqual([0, [SKIP.depth]]);
    let mixed = ip;
    for (let i = 0; i < 500; i++) mixed = outer4(47, gre(0, 0x6558, zeros(0), ethernet(0x0800, mixed)), true);
    expect(walk([mixed]).calls).toBeLessThan(40);
  });

  it('never throw, leave the packet or go on for ever, whatever bytes change', () => {
    const samples = EVERY_TUNNEL.map(({ linkType, wrap, version }) => ({
      linkType,
      packet: wrap(conversation(STEPS, version)[3].ip, true)[0],
    }));
    const change = fc.record({ at: fc.nat(200), value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)) });
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        ({ linkType, packet }, changes, cut) => {
          const broken = packet.slice();
          for (const { at, value } of changes) broken[at % broken.length] = value;
          const walker = new LayerWalker();
          walker.packet(linkType, broken, 0, cut % 3 === 0 ? cut % (broken.length + 1) : broken.length);
          walker.fragments.finish();
          expect(walker.calls).toBeLessThan(200);
        },
      ),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});
