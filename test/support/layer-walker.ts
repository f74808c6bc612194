import { toHex, u16, u32 } from '../../src/core/bytes.ts';
import { Fragments } from '../../src/net/fragments.ts';
import type { LayerSink } from '../../src/net/layer.ts';
import { unwrapEtherType, unwrapLink } from '../../src/net/links/link.ts';
import { TunnelPairs } from '../../src/net/tunnels/pairs.ts';
import { unwrapTunnel } from '../../src/net/tunnels/tunnel.ts';

/** Where TCP was found: its payload bytes, and the address at which the store has them. */
export interface Found {
  readonly source: string;
  readonly destination: string;
  readonly tunnel: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly address: number;
  /** Bytes of the payload that were not captured. */
  readonly missing: number;
}

/** Where spooled bytes start in the address space of the walker. */
export const SPOOL_AT = 1e9;

/** The smallest network: hands everything to the functions under test and notes the TCP segments that come out. */
export class LayerWalker implements LayerSink {
  readonly pairs = new TunnelPairs();
  readonly found: Found[] = [];
  readonly skips: number[] = [];
  readonly processes: (string | undefined)[] = [];
  readonly spooled: number[] = [];
  /** Address of each spooled byte in what it came from; 0 where none was told. */
  readonly cameFrom: number[] = [];
  readonly fragments = new Fragments(
    {
      append: (bytes, start = 0, end = bytes.length) => {
        const at = SPOOL_AT + this.spooled.length;
        for (let i = start; i < end; i++) {
          this.spooled.push(bytes[i]);
          this.cameFrom.push(0);
        }
        return at;
      },
    },
    {
      add: (spool, length, address) => {
        for (let i = 0; i < length; i++) this.cameFrom[spool - SPOOL_AT + i] = address + i;
      },
    },
  );
  calls = 0;
  sec = Number.NaN;

  packet(linkType: number, packet: Uint8Array, address = 0, captured = packet.length): boolean {
    // A guard before and behind shows reads and ranges that leave the packet.
    const buf = new Uint8Array(packet.length + 64).fill(0xff);
    buf.set(packet.subarray(0, captured), 32);
    return unwrapLink(linkType, buf, 32, 32 + captured, address, 32 + packet.length, this);
  }

  process(name: string | undefined): void {
    this.processes.push(name);
  }

  skipped(why: number): void {
    this.skips.push(why);
  }

  private check(start: number, end: number, wireEnd: number): void {
    this.calls++;
    if (!(start >= 0 && start <= end && end <= wireEnd)) throw new Error(`range ${start} ${end} ${wireEnd}`);
  }

  ethernet(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number): void {
    this.check(start, end, wireEnd);
    let at = start + 12;
    while (at + 6 <= end && (u16(buf, at) === 0x8100 || u16(buf, at) === 0x88a8)) at += 4;
    if (at + 2 > end) return;
    const type = u16(buf, at);
    const here = address + (at + 2 - start);
    if (type === 0x0800 || type === 0x86dd) this.ip(buf, at + 2, end, here, tunnel, wireEnd);
    else unwrapEtherType(type, buf, at + 2, end, here, tunnel, wireEnd, this);
  }

  ip(buf: Uint8Array, start: number, end: number, address: number, tunnel: number, wireEnd: number): void {
    this.check(start, end, wireEnd);
    const version = start < end ? buf[start] >> 4 : 0;
    if (version === 4 && start + 20 <= end) {
      const header = (buf[start] & 15) * 4;
      const stop = start + u16(buf, start + 2);
      if (header < 20 || stop < start + header || start + header > end) return;
      const cut = Math.min(end, stop);
      const wire = Math.max(cut, Math.min(stop, wireEnd));
      if ((u16(buf, start + 6) & 0x3fff) !== 0) this.fragments.add(buf, start, cut, address, tunnel, stop, this, this.sec);
      else this.transport(buf[start + 9], buf, start, start + header, cut, address, tunnel, wire);
    } else if (version === 6 && start + 40 <= end) {
      const stop = start + 40 + u16(buf, start + 4);
      const cut = Math.min(end, stop);
      const wire = Math.max(cut, Math.min(stop, wireEnd));
      if (buf[start + 6] === 44) this.fragments.add(buf, start, cut, address, tunnel, stop, this, this.sec);
      else this.transport(buf[start + 6], buf, start, start + 40, cut, address, tunnel, wire);
    }
  }

  private transport(
    protocol: number,
    buf: Uint8Array,
    ip: number,
    at: number,
    end: number,
    address: number,
    tunnel: number,
    wireEnd: number,
  ): void {
    if (protocol !== 6) {
      unwrapTunnel(protocol, buf, ip, at, end, address, tunnel, wireEnd, this);
      return;
    }
    if (at + 20 > end) return;
    const data = at + (buf[at + 12] >> 4) * 4;
    if (data > end) return;
    const wide = buf[ip] >> 4 === 6;
    const [from, length] = wide ? [ip + 8, 16] : [ip + 12, 4];
    this.found.push({
      source: `${toHex(buf, from, from + length)}:${u16(buf, at)}`,
      destination: `${toHex(buf, from + length, from + 2 * length)}:${u16(buf, at + 2)}`,
      tunnel,
      sequence: u32(buf, at + 4),
      payload: buf.slice(data, end),
      address: address + (data - ip),
      missing: wireEnd - end,
    });
  }
}
