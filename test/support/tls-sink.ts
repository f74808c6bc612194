import { concatBytes } from '../../src/core/bytes.ts';
import type { Arrival, Dir } from '../../src/core/stream.ts';
import { TlsConnection, type TlsOptions } from '../../src/tls/connection.ts';
import type { TlsKeys } from '../../src/tls/keys.ts';
import { messageBytes, type TlsEvents, type TlsRow, unpackFacts } from '../../src/tls/row.ts';

/** A piece of a TCP stream, in the order of arrival. `gap` instead of bytes: that many bytes are missing. */
export interface Chunk {
  readonly dir: Dir;
  readonly bytes: Uint8Array;
  readonly gap?: number;
}

export interface SeenRow {
  readonly dir: Dir;
  readonly command: number;
  readonly reason: number;
  readonly severity: number;
  readonly records: number;
  readonly bytes: number;
  /** Message or wire bytes, read back through the row's location. */
  readonly message: Uint8Array;
  readonly wire: Uint8Array;
  readonly aux: Uint8Array;
  readonly packet: number;
}

/** Feeds chunks to a `TlsConnection` as a pipeline would and keeps everything that comes out. */
export class TlsSink implements TlsEvents {
  readonly at: Arrival = { packet: 0, sec: 1_700_000_000, nsec: 0 };
  readonly connection: TlsConnection;
  readonly rows: SeenRow[] = [];
  readonly gaps: [number[], number[]] = [[], []];
  readonly ended: string[] = [];
  swapped = false;
  establishedAt = -1;
  private readonly parts: [Uint8Array[], Uint8Array[]] = [[], []];
  private store = new Uint8Array(1024);
  private stored = 0;

  constructor(keys: TlsKeys, options: TlsOptions = {}) {
    this.connection = new TlsConnection(keys, this.at, this, options);
  }

  feed(chunks: readonly Chunk[]): this {
    for (const chunk of chunks) {
      this.at.packet++;
      const dir = this.swapped ? ((1 - chunk.dir) as Dir) : chunk.dir;
      if (chunk.gap !== undefined) this.connection.gap(dir, chunk.gap);
      else this.connection.data(dir, chunk.bytes, 0, chunk.bytes.length, this.keep(chunk.bytes));
    }
    return this;
  }

  finish(): this {
    this.connection.end(0, 'capture-end');
    this.connection.end(1, 'capture-end');
    return this;
  }

  plain(dir: Dir): Uint8Array {
    return concatBytes(this.parts[dir]);
  }

  text(dir: Dir): string {
    return Buffer.from(this.plain(dir)).toString('latin1');
  }

  commands(dir?: Dir): number[] {
    return this.rows.filter((row) => dir === undefined || row.dir === dir).map((row) => row.command);
  }

  swap(): void {
    this.swapped = true;
  }

  record(dir: Dir, row: TlsRow): void {
    const facts = unpackFacts(row.aux);
    const wire = this.read(row);
    this.rows.push({
      dir,
      command: row.command,
      reason: facts.reason,
      severity: row.severity,
      records: facts.records,
      bytes: facts.bytes,
      message: messageBytes(wire, row.aux).slice(),
      wire,
      aux: row.aux,
      packet: row.packet,
    });
  }

  plaintext(dir: Dir, buf: Uint8Array, start: number, end: number): void {
    this.parts[dir].push(buf.slice(start, end));
  }

  plaintextGap(dir: Dir, length: number): void {
    this.gaps[dir].push(length);
  }

  established(): void {
    this.establishedAt = this.parts[0].length + this.parts[1].length;
  }

  end(dir: Dir, reason: string): void {
    this.ended.push(`${dir} ${reason}`);
  }

  private keep(bytes: Uint8Array): number {
    if (this.stored + bytes.length + 1 > this.store.length) {
      const bigger = new Uint8Array(2 * (this.stored + bytes.length + 1));
      bigger.set(this.store);
      this.store = bigger;
    }
    // One byte between deliveries, as packet headers are in a capture.
    const address = this.stored + 1;
    this.store.set(bytes, address);
    this.stored = address + bytes.length;
    return address;
  }

  private read(row: TlsRow): Uint8Array {
    const { where } = row;
    if (where.count === 0) return this.store.slice(where.address, where.address + where.length);
    const parts: Uint8Array[] = [];
    for (let i = 0; i < where.count; i++) {
      const [address, length] = [where.addresses[i], where.lengths[i]];
      parts.push(address < 0 ? new Uint8Array(length) : this.store.slice(address, address + length));
    }
    return concatBytes(parts);
  }
}

/** The same stream cut at other places: the k-th piece of a direction gets `sizes[k % sizes.length]` bytes. */
export function rechunk(chunks: readonly Chunk[], sizes: readonly number[]): Chunk[] {
  const out: Chunk[] = [];
  let k = 0;
  for (const chunk of chunks) {
    if (chunk.gap !== undefined) {
      out.push(chunk);
      continue;
    }
    for (let at = 0; at < chunk.bytes.length; ) {
      const n = Math.max(1, sizes[k++ % sizes.length]);
      out.push({ dir: chunk.dir, bytes: chunk.bytes.subarray(at, at + n) });
      at += n;
    }
  }
  return out;
}
