import { capturedPacket, fileHeader, interfaceBlock, packetBlock, secretsBlock } from '../capture/pcapng-writer.ts';
import { type Endpoint, SegmentWriter } from '../capture/segment-writer.ts';
import type { Arrival, Dir } from '../core/stream.ts';
import { peers } from '../timeline/streams.ts';
import type { Timeline } from '../timeline/timeline.ts';

type Write = (bytes: Uint8Array) => void;

const ETHERNET = 1;

function endpoint(text: string, fallback: Endpoint): Endpoint {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  const address = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return colon < 0 || address === '' || !Number.isInteger(port) ? fallback : { address, port };
}

/**
 * Writes the packets of a second reading of the same input as pcapng, with the TLS secrets that its sessions need in front.
 * `wanted`: numbers of the streams to keep; undefined = all packets, also those of no stream.
 */
export class PacketExport {
  private readonly write: Write;
  private readonly wanted: ReadonlySet<number> | undefined;
  private readonly interfaces = new Map<number, number>([[ETHERNET, 0]]);
  packets = 0;

  constructor(write: Write, secrets: Uint8Array, wanted: ReadonlySet<number> | undefined) {
    this.write = write;
    this.wanted = wanted;
    write(fileHeader('apns-inspect'));
    if (secrets.length > 0) write(secretsBlock(secrets));
  }

  packet(
    stream: number,
    buf: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    sec: number,
    nsec: number,
  ): void {
    if (this.wanted !== undefined && !this.wanted.has(stream)) return;
    let iface = this.interfaces.get(linkType);
    if (iface === undefined) {
      iface = this.interfaces.size;
      this.interfaces.set(linkType, iface);
      this.write(interfaceBlock(linkType));
    }
    this.write(capturedPacket(iface, Number.isNaN(sec) ? 0 : sec, Number.isNaN(sec) ? 0 : nsec, buf.subarray(start, end), wireLength));
    this.packets++;
  }
}

/** Writes streams as plaintext TCP packets made anew: what was decrypted, and what was never encrypted. */
export class PlaintextExport {
  private readonly write: Write;
  private readonly wanted: ReadonlySet<number> | undefined;
  private readonly known: Timeline;
  private readonly segments = new Map<number, SegmentWriter>();
  private nanos = 0n;
  packets = 0;

  /** `known`: the same input, read before: it tells which streams are TLS and who is who from their first byte on. */
  constructor(write: Write, wanted: ReadonlySet<number> | undefined, known: Timeline) {
    this.write = write;
    this.wanted = wanted;
    this.known = known;
    write(fileHeader('apns-inspect, decrypted'));
  }

  /** Bytes of a stream as a `Tap` gives them; of TLS streams only the plaintext counts. */
  bytes(at: Arrival, level: 'tcp' | 'tls', stream: number, dir: Dir, buf: Uint8Array, start: number, end: number): void {
    if (this.wanted !== undefined && !this.wanted.has(stream)) return;
    const record = this.known.streams[stream];
    if (record === undefined || (level === 'tcp') !== !record.facts.tls) return;
    const { sec, nsec } = at;
    this.nanos = sec >= 0 ? BigInt(sec) * 1_000_000_000n + BigInt(nsec) : this.nanos;
    let writer = this.segments.get(stream);
    if (writer === undefined) {
      const { client, server } = peers(record);
      // Streams without addresses get those of the documentation network, one port each.
      const ends = [
        endpoint(client, { address: '192.0.2.1', port: 40_000 + (stream % 20_000) }),
        endpoint(server, { address: '192.0.2.2', port: 5223 }),
      ] as const;
      writer = new SegmentWriter(ends[0], ends[1], [stream * 1000 + 1, stream * 1000 + 501], (packet) => {
        this.write(packetBlock(this.nanos, packet));
        this.packets++;
      });
      writer.open();
      this.segments.set(stream, writer);
    }
    // Plaintext comes with the true roles; the bytes of TCP with those of the packets.
    const oriented = level === 'tcp' && record.facts.swapped ? ((1 - dir) as Dir) : dir;
    writer.data(oriented, buf.slice(start, end));
  }

  finish(): void {
    for (const writer of this.segments.values()) {
      writer.fin(0);
      writer.fin(1);
    }
  }
}
