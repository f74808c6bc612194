import { type ByteWriter, u16 } from '../core/bytes.ts';
import type { Cells } from '../core/dialect.ts';
import type { Item } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { type CommandTable, goes, idIn } from '../schema/definition.ts';
import { COLUMN, columnOf, fixedWidth, SEVERITY } from './columns.ts';
import { itemBytes, leaf } from './wire-syntax.ts';

/** Header of an item: id u8, length u16 big-endian. Shared by the courier's TLV and the gateway's framed notification. */
const ITEM_HEADER = 3;

/**
 * Fields of one frame that are taken apart. The longest lists are filters of some hundred topics; without a bound, a frame of
 * empty fields would become 350,000 objects, and some hundred bytes each.
 */
export const MAX_ITEMS = 4096;

/** Fields looked at to weigh a place: a search weighs every offset, and hostile bytes could make each walk a whole frame. */
const WEIGHED_ITEMS = 64;

/**
 * Cuts `b[start, end)` into items until one does not fit or there are `MAX_ITEMS`; appends to `items` and returns where it stopped (`end` when all fits).
 * Values are copies, so that they outlive the buffer.
 */
export function cutItems(b: Uint8Array, start: number, end: number, items: Item[]): number {
  let at = start;
  while (at + ITEM_HEADER <= end && items.length < MAX_ITEMS) {
    const next = at + ITEM_HEADER + u16(b, at + 1);
    if (next > end) break;
    items.push(leaf(b[at], b.slice(at + ITEM_HEADER, next), at, next));
    at = next;
  }
  return at;
}

export function printItems(items: readonly Item[], out: ByteWriter): void {
  for (const item of items) {
    const value = itemBytes(item);
    out
      .u8(item.id as number)
      .u16(value.length)
      .bytes(value);
  }
}

// Local names: a property or an import looked up per field would be seen in the time of the index.
const { unknown: UNKNOWN, id: ID, topic: TOPIC, token: TOKEN, plain: PLAIN } = COLUMN;
const { note: NOTE, warn: WARN, error: ERROR } = SEVERITY;

// 64 commands and 32 ids cover every dialect with items (22 and 32 are the highest in use) and keep the table in the L1 cache.
const COMMAND_BITS = 6;
const ID_BITS = 5;

/** Bits of evidence: an id that the command has, a value of exactly the width it should have, items that end where the frame does. */
const KNOWN_ID = 4;
const RIGHT_WIDTH = 8;
const EXACT_END = 6;
/** Bits lost by an unknown id or a wrong width. */
const DOUBT = 6;
/** Bits that the items of a frame must show beside its header: one known item and an exact end. */
const PLAUSIBLE = 10;

/** What the index needs of a schema, as two small tables over direction, command and field id. */
export class ItemColumns {
  private readonly codes = new Uint8Array(2 << (COMMAND_BITS + ID_BITS));
  /** Expected width of a value; 0 when it may vary. */
  private readonly widths = new Uint8Array(2 << (COMMAND_BITS + ID_BITS));
  private readonly known = new Uint8Array(2 << 8);

  constructor(table: CommandTable) {
    for (const command of Object.values(table)) {
      for (const dir of [0, 1] as const) {
        if (!goes(command, dir)) continue;
        this.known[(dir << 8) | command.id] = 1;
        for (const field of Object.values(command.fields)) {
          const id = idIn(field, dir);
          if (id === undefined) continue;
          const slot = (((dir << COMMAND_BITS) | command.id) << ID_BITS) | (id & 31);
          this.codes[slot] = columnOf(field.role);
          this.widths[slot] = fixedWidth(field.type);
        }
      }
    }
  }

  isKnown(dir: Dir, command: number): boolean {
    return this.known[(dir << 8) | command] === 1;
  }

  /**
   * Bits of evidence that items of this command stand in `b[start, end)`, of which only what is before `limit` is at hand:
   * known ids and right widths speak for it, unknown ids and wrong widths against it. When an item overruns the range: -1 - bits,
   * the bits being those of the items before it.
   */
  evidence(dir: Dir, command: number, b: Uint8Array, start: number, end: number, limit: number): number {
    const known = command < 1 << COMMAND_BITS;
    const base = ((dir << COMMAND_BITS) | command) << ID_BITS;
    let at = start;
    let bits = 0;
    for (let n = 0; at < end; n++) {
      if (n === WEIGHED_ITEMS) return Math.max(0, bits);
      if (at + ITEM_HEADER > limit) return at + ITEM_HEADER > end ? -1 - Math.max(0, bits) : Math.max(0, bits);
      const id = b[at];
      const length = (b[at + 1] << 8) | b[at + 2];
      at += ITEM_HEADER + length;
      if (at > end) return -1 - Math.max(0, bits);
      const code = !known || id === 0 || id > 32 ? UNKNOWN : this.codes[base | (id & 31)];
      if (code === UNKNOWN) bits -= DOUBT;
      else {
        const width = this.widths[base | (id & 31)];
        bits += width === 0 ? KNOWN_ID : width === length ? KNOWN_ID + RIGHT_WIDTH : -DOUBT;
      }
    }
    return start === end ? 0 : Math.max(0, bits + EXACT_END);
  }

  /** Evidence for resynchronising: a known command whose items tile the range, most of them as the schema says. An empty range has none to show. */
  plausible(dir: Dir, command: number, b: Uint8Array, start: number, end: number): boolean {
    if (this.known[(dir << 8) | command] === 0) return false;
    return start === end || this.evidence(dir, command, b, start, end, end) >= PLAUSIBLE;
  }

  /**
   * Whether a frame of which only what is before `limit` is at hand begins like one of this command: its items do not overrun
   * `[start, end)`, and when it stands `alone`, they show as much as those of a whole frame must.
   */
  begins(dir: Dir, command: number, b: Uint8Array, start: number, end: number, limit: number, alone: boolean): boolean {
    return this.isKnown(dir, command) && this.evidence(dir, command, b, start, end, limit) >= (alone ? PLAUSIBLE : 0);
  }

  /**
   * Finds id, topic, token and status of a frame in one walk over its field headers, and whether something is wrong that
   * the headers show. Allocates nothing.
   */
  fill(dir: Dir, command: number, b: Uint8Array, start: number, end: number, cells: Cells): void {
    let severity = 0;
    if (command >= 1 << COMMAND_BITS || this.known[(dir << 8) | command] === 0) {
      cells.severity = NOTE;
      return;
    }
    const { codes, widths } = this;
    const base = ((dir << COMMAND_BITS) | command) << ID_BITS;
    let at = start;
    while (at + ITEM_HEADER <= end) {
      const id = b[at];
      const length = (b[at + 1] << 8) | b[at + 2];
      at += ITEM_HEADER;
      const next = at + length;
      if (next > end) {
        cells.severity = ERROR;
        return;
      }
      // Field 32 takes slot 0: no dialect has a field 0.
      const slot = base | (id & 31);
      const code = id === 0 || id > 32 ? UNKNOWN : codes[slot];
      const width = widths[slot];
      if (code === UNKNOWN) {
        if (severity < NOTE) severity = NOTE;
      } else if (width !== 0 && width !== length) {
        severity = WARN;
      } else if (code > PLAIN) {
        if (code === TOKEN) {
          if (cells.tokenEnd === 0) {
            cells.tokenStart = at;
            cells.tokenEnd = next;
          }
        } else if (code === TOPIC) {
          cells.topicStart = at;
          cells.topicEnd = next;
        } else if (code === ID) {
          cells.id = ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
          cells.hasId = true;
        } else {
          cells.status = b[at];
        }
      }
      at = next;
    }
    if (at !== end) severity = ERROR;
    cells.severity = severity;
  }
}
