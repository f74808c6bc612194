import { describe, expect, it } from 'vitest';
import type { StreamSink } from '../../src/core/stream.ts';
import { SKIP, SKIP_REASONS } from '../../src/net/layer.ts';
import { Network } from '../../src/net/network.ts';
import { MAX_TUNNEL_DEPTH } from '../../src/net/tunnels/identity.ts';
import {
  ascii,
  be16,
  be32,
  bytes,
  fragments4,
  frame,
  ipv4,
  join,
  outer4,
  overlay,
  snap,
  vxlan,
  wifi,
  zeros,
} from '../support/encapsulate.ts';
import {
  conversation,
  FRAGMENT_ENCAPSULATIONS,
  IPV6_TUNNELS,
  LINK_ENCAPSULATIONS,
  TUNNEL_ENCAPSULATIONS,
} from '../support/encapsulations.ts';

const SPOOL_AT = 2 ** 44;

/** All stages below the dialects over packets in memory: what comes out of each connection, read back by address. */
class Wire {
  private readonly files: number[][] = [[], []];
  private readonly at = { packet: 0, sec: 0, nsec: 0 };
  readonly streams: { c2s: string; s2c: string; holes: number[]; process: string | undefined }[] = [];
  readonly network: Network;

  constructor() {
    this.network = new Network({
      at: this.at,
      store: {
        read: (address, length) => this.read(address, length),
        difference: (address, buf, start, end) => this.read(address, end - start).findIndex((byte, i) => byte !== buf[start + i]),
      },
      spool: { append: (from, start = 0, end = from.length) => SPOOL_AT + this.append(1, from.subarray(start, end)) },
      connections: { open: (info) => this.open(info.process) },
    });
  }

  private read(address: number, length: number): Uint8Array {
    const file = this.files[address >= SPOOL_AT ? 1 : 0];
    const at = address % SPOOL_AT;
    return Uint8Array.from(file.slice(at, at + length));
  }

  private append(file: number, data: Uint8Array): number {
    const at = this.files[file].length;
    for (const byte of data) this.files[file].push(byte);
    return at;
  }

  private open(process: string | undefined): StreamSink {
    const stream = { c2s: '', s2c: '', holes: [] as number[], process };
    this.streams.push(stream);
    return {
      data: (dir, _buf, start, end, address) => {
        stream[dir === 0 ? 'c2s' : 's2c'] += String.fromCharCode(...this.read(address, end - start));
      },
      gap: (_dir, length) => stream.holes.push(length),
      end: () => {},
    };
  }

  packet(linkType: number, packet: Uint8Array, captured = packet.length): this {
    this.at.packet++;
    const address = this.append(0, packet.subarray(0, captured));
    const buf = join(zeros(7), packet.subarray(0, captured), zeros(50));
    this.network.packet(buf, 7, 7 + captured, address, packet.length, linkType, 0);
    return this;
  }

  finish(): this {
    this.network.finish();
    return this;
  }
}

const STEPS = [
  { fromClient: true, payload: ascii('what the client says first') },
  { fromClient: false, payload: ascii('what the server answers') },
  { fromClient: true, payload: ascii(', and again') },
];

describe('a conversation in every encapsulation is one connection with both directions', () => {
  const all = [...LINK_ENCAPSULATIONS, ...TUNNEL_ENCAPSULATIONS, ...FRAGMENT_ENCAPSULATIONS];
  const cases = [
    ...all.flatMap((encapsulation) => [4 as const, 6 as const].map((version) => ({ ...encapsulation, version }))),
    ...IPV6_TUNNELS.map((encapsulation) => ({ ...encapsulation, version: 6 as const })),
  ];
  for (const { name, linkType, wrap, version } of cases) {
    it(`${name}, IPv${version}`, () => {
      const wire = new Wire();
      for (const { ip, fromClient } of conversation(STEPS, version))
        for (const packet of wrap(ip, fromClient)) wire.packet(linkType, packet);
      wire.finish();
      const process = name.startsWith('pktap') ? 'apsd' : undefined;
      expect(wire.streams).toEqual([{ c2s: 'what the client says first, and again', s2c: 'what the server answers', holes: [], process }]);
      const [stream] = wire.network.streams();
      expect([stream.rolesKnown, stream.ab.holeCount, stream.ba.holeCount, stream.notes]).toEqual([true, 0, 0, []]);
      expect(stream.b.endsWith(':5223')).toBe(true);
    });
  }

  it('authentication headers of either version do not hide TCP', () => {
    const wire = new Wire();
    for (const { ip } of conversation(STEPS, 4)) {
      const header = join(bytes(6, 4), be16(0), be32(1), be32(1), zeros(12));
      const source = ip.slice(12, 16).join('.');
      const destination = ip.slice(16, 20).join('.');
      wire.packet(101, ipv4(51, source, destination, join(header, ip.subarray(20))));
    }
    expect(wire.finish().streams.map(({ c2s }) => c2s)).toEqual(['what the client says first, and again']);
  });
});

describe('equal conversations', () => {
  it('in two tunnels and outside of both are three connections', () => {
    const wire = new Wire();
    for (const { ip, fromClient } of conversation(STEPS, 4)) {
      wire.packet(101, overlay(4789, vxlan(1, frame(ip, fromClient)), fromClient));
      wire.packet(101, overlay(4789, vxlan(2, frame(ip, fromClient)), fromClient));
      wire.packet(101, ip);
    }
    wire.finish();
    expect(wire.streams.map(({ c2s, s2c }) => [c2s, s2c])).toEqual(
      Array(3).fill(['what the client says first, and again', 'what the server answers']),
    );
  });
});

describe('what is left out', () => {
  it('is counted by its reason: encryption, depth, unsupported link types', () => {
    const [, , , { ip }] = conversation(STEPS, 4);
    let deep = ip;
    for (let i = 0; i <= MAX_TUNNEL_DEPTH; i++) deep = outer4(4, deep, true);
    const secret = wifi(
      snap(0x0800, ip).map((byte) => byte ^ 0x55),
      true,
      { flags: 0x40 },
    );
    const wire = new Wire()
      .packet(105, secret)
      .packet(101, deep)
      .packet(195, zeros(60))
      .packet(252, zeros(60))
      .packet(252, zeros(60))
      .finish();
    expect(wire.streams).toEqual([]);
    expect([wire.network.skips[SKIP.encrypted], wire.network.skips[SKIP.depth]]).toEqual([1, 1]);
    expect(SKIP_REASONS.length).toBe(Object.keys(SKIP).length);
    expect([...wire.network.unsupported]).toEqual([
      [195, 1],
      [252, 2],
    ]);
  });
});

describe('fragments of which one is lost', () => {
  it('make a hole of known size, and what follows is read', () => {
    const long = ascii('x'.repeat(100));
    const packets = conversation([{ fromClient: true, payload: long }, ...STEPS.slice(1)], 4).map(({ ip }) => ip);
    const wire = new Wire();
    packets.forEach((ip, i) => {
      // The data segment goes in fragments of 48, 48 and 24 bytes, of which the last is lost.
      if (i === 3) for (const piece of fragments4(ip, 48, 7).slice(0, 2)) wire.packet(1, frame(piece));
      else wire.packet(1, frame(ip));
    });
    wire.finish();
    expect(wire.network.datagrams).toMatchObject({ complete: 0, incomplete: 1, conflicts: 0 });
    const c2s = `${'x'.repeat(76)}, and again`;
    expect(wire.streams).toEqual([{ c2s, s2c: 'what the server answers', holes: [24], process: undefined }]);
  });
});
