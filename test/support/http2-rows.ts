import { http2 } from '../../src/codec/http2/dialect.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { BROKEN, Cells, type Framing, NEED } from '../../src/core/dialect.ts';
import type { Message } from '../../src/core/message.ts';
import type { Dir } from '../../src/core/stream.ts';

export interface TestRow {
  readonly dir: Dir;
  readonly type: number;
  readonly id: number;
  readonly hasId: boolean;
  readonly status: number;
  readonly topic: string;
  readonly token: string;
  readonly severity: number;
  readonly bytes: Uint8Array;
  readonly aux: Uint8Array | undefined;
  readonly message: Message;
}

/**
 * A small stand-in for the pipeline: cuts both directions, keeps held frames, makes rows and decodes them at once.
 * `data` may deliver any chunks; `gap` tells a loss and drops what was incomplete.
 */
export class RowMaker {
  readonly rows: TestRow[] = [];
  readonly framing: Framing = http2.open({});
  broken = 0;
  private readonly carry: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  private readonly held = new Map<number, Uint8Array[]>();
  private readonly cells = new Cells();

  data(dir: Dir, chunk: Uint8Array): void {
    let buf = concatBytes([this.carry[dir], chunk]);
    let at = 0;
    while (at < buf.length) {
      const length = this.framing.measure(dir, buf, at, buf.length);
      if (length === BROKEN) {
        this.broken++;
        this.framing.lost(dir);
        const next = this.framing.resync(dir, buf, at + 1, buf.length);
        at = next < 0 ? buf.length : next;
        continue;
      }
      if (length === NEED || at + length > buf.length) break;
      this.frame(dir, buf, at, at + length);
      at += length;
    }
    buf = buf.slice(at);
    this.carry[dir] = buf;
  }

  gap(dir: Dir): void {
    this.carry[dir] = new Uint8Array(0);
    this.framing.lost(dir);
    for (const key of [...this.held.keys()]) if (key % 2 === dir) this.held.delete(key);
  }

  get heldStreams(): number {
    return this.held.size;
  }

  private frame(dir: Dir, buf: Uint8Array, start: number, end: number): void {
    const cells = this.cells;
    cells.clear();
    this.framing.index(dir, buf, start, end, cells);
    const bytes = buf.slice(start, end);
    const key = (cells.hold >= 0 ? cells.hold : cells.release) * 2 + dir;
    if (cells.hold >= 0) {
      this.held.set(key, [...(this.held.get(key) ?? []), bytes]);
      return;
    }
    const all = cells.release >= 0 ? [...(this.held.get(key) ?? []), bytes] : [bytes];
    if (cells.release >= 0) this.held.delete(key);
    const whole = concatBytes(all);
    const aux = cells.aux?.slice();
    const topicFrom = cells.topicFrom ?? buf;
    const tokenFrom = cells.tokenFrom ?? buf;
    this.rows.push({
      dir,
      type: cells.type & 0xff,
      id: cells.id,
      hasId: cells.hasId,
      status: cells.status,
      topic: Buffer.from(topicFrom.slice(cells.topicStart, cells.topicEnd)).toString(),
      token: Buffer.from(tokenFrom.slice(cells.tokenStart, cells.tokenEnd)).toString('hex'),
      severity: cells.severity,
      bytes: whole,
      aux,
      message: http2.decode(whole, dir, aux),
    });
  }
}

/** One line a row, for comparing: direction, label, info, note codes. */
export function rowLines(rows: readonly TestRow[]): string[] {
  return rows.map(({ dir, message }) => {
    const notes = message.notes.map((n) => n.code).join(' ');
    return `${dir === 0 ? '>' : '<'} ${message.label}: ${message.info}${notes === '' ? '' : ` [${notes}]`}`;
  });
}

/** Value of the first field with this filter name, anywhere in the tree. */
export function fieldValue(message: Message, filter: string): unknown {
  const search = (fields: Message['fields']): Message['fields'][number] | undefined => {
    for (const f of fields) {
      if (f.filter === filter) return f;
      const inside = f.children && search(f.children);
      if (inside !== undefined) return inside;
    }
    return undefined;
  };
  return search(message.fields)?.value;
}
