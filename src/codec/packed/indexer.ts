import type { Cells } from '../../core/dialect.ts';
import { KeyTable, MAX_KEY_BYTES } from './key-table.ts';
import { HARD_DEPTH, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_VALUE } from './limits.ts';
import { Cursor, readGroups } from './numbers.ts';
import { ReferenceLog } from './reference-log.ts';
import { ROLE_ID, ROLE_NONE, ROLE_STATUS, ROLE_TOKEN, ROLE_TOPIC } from './roles.ts';
import { LOST, ValueTable } from './value-table.ts';

/** Reading cannot go on in this frame. */
const FATAL = -1;
/** Not directly in a frame: no roles apply. */
const NESTED = -1;
const NO_ROLES = new Uint8Array(0);

/** Data values up to 62 bytes become columns (`fill`); they are copied when the table changes under them. */
const MAX_COLUMN_BYTES = 64;

const SEVERITY_NOTE = 1;
const SEVERITY_ERROR = 3;

/**
 * Walks the frames of one direction in order: keeps its two tables, fills the cells of the index, and logs what the references
 * stood for. It must read exactly what `parsePacked` reads, attribute by attribute, and stop where that stops.
 */
export class PackedIndexer {
  readonly values: ValueTable;
  readonly keys = new KeyTable();
  private readonly log = new ReferenceLog();
  private readonly cursor = new Cursor();
  private readonly topic = new Uint8Array(MAX_COLUMN_BYTES);
  private readonly token = new Uint8Array(MAX_COLUMN_BYTES);
  private severity = 0;

  constructor(tableBytes: number) {
    this.values = new ValueTable(tableBytes);
  }

  forget(): void {
    this.values.forget();
    this.keys.forget();
  }

  /** Takes the frame `buf[start, end)`. `roles[base + attribute id]` says which column an attribute fills. */
  index(buf: Uint8Array, start: number, end: number, roles: Uint8Array, base: number, cells: Cells): void {
    this.log.clear();
    this.severity = 0;
    let at = start + 2;
    if (buf[start + 1] === 0xff) {
      readGroups(buf, at, end, this.cursor);
      at = this.cursor.at;
    }
    if (end - at > MAX_BODY) this.severity = SEVERITY_ERROR;
    while (at < end) {
      const head = buf[at];
      // The common case in line: a key below 16 with a short literal. Two bytes at least, whose end is known from the second.
      if (head < 16 && at + 1 < end) {
        const value = buf[at + 1];
        const next = value < 0x3f ? at + 2 + value : value >= 0x80 && value < 0xb0 ? at + 2 + (value < 0xa0 ? 0 : (value & 7) + 1) : FATAL;
        if (next !== FATAL && next <= end) {
          const role = roles[base + head];
          if (role !== ROLE_NONE) this.fill(role, buf, at + 1, next, false, cells);
          at = next;
          continue;
        }
      }
      at = this.attribute(buf, at, end, roles, base, 0, cells);
      if (at === FATAL) {
        // What the rest would have added is not known, so nothing older has a known place any more.
        this.forget();
        this.severity = SEVERITY_ERROR;
        break;
      }
    }
    cells.severity = this.severity;
    cells.aux = this.log.take();
    cells.auxKept = this.log.kept;
  }

  private attribute(buf: Uint8Array, at: number, end: number, roles: Uint8Array, base: number, depth: number, cells: Cells): number {
    const head = buf[at++];
    let role = ROLE_NONE;
    if ((head & 0x30) === 0) {
      if (base !== NESTED) role = roles[base + (head & 15)];
    } else if ((head & 0x20) !== 0) {
      role = this.keyReference(head & 31, roles, base);
    } else {
      let length = (head & 15) + 1;
      if (length === 16) {
        const more = readGroups(buf, at, end, this.cursor);
        if (more < 0) return FATAL;
        at = this.cursor.at;
        length += more;
      }
      if (at + length > end) return FATAL;
      if (length <= MAX_KEY_BYTES) {
        this.settle(cells);
        this.keys.add(buf, at, at + length);
      } else this.severity = SEVERITY_ERROR;
      if (base !== NESTED) {
        if (length === 1) role = roles[base + buf[at]];
        else this.severity = SEVERITY_ERROR;
      }
      at += length;
    }
    switch (head >> 6) {
      case 0: {
        const next = this.literal(buf, at, end, depth, cells);
        if (role !== ROLE_NONE && next !== FATAL) this.fill(role, buf, at, next, false, cells);
        return next;
      }
      case 1: {
        const next = this.literal(buf, at, end, depth, cells);
        if (next === FATAL) return FATAL;
        this.settle(cells);
        if (!this.values.add(buf, at, next)) {
          this.severity = SEVERITY_ERROR;
          this.log.oversize(this.values.limit);
        }
        if (role !== ROLE_NONE) this.fill(role, buf, at, next, false, cells);
        return next;
      }
      case 2:
        return this.valueReference(buf, at, end, role, cells);
      default:
        return FATAL;
    }
  }

  private keyReference(index: number, roles: Uint8Array, base: number): number {
    const slot = this.keys.find(index);
    if (slot < 0) {
      this.unresolved(slot);
      return ROLE_NONE;
    }
    const start = this.keys.startOf(slot);
    const length = this.keys.lengthOf(slot);
    this.log.known(this.keys.bytes, start, length, (this.keys.serialOf(index) << 1) | 1);
    return base !== NESTED && length === 1 ? roles[base + this.keys.bytes[start]] : ROLE_NONE;
  }

  private valueReference(buf: Uint8Array, at: number, end: number, role: number, cells: Cells): number {
    if (at >= end) return FATAL;
    let index = buf[at++];
    if (index === 0xff) {
      const more = readGroups(buf, at, end, this.cursor);
      if (more < 0) return FATAL;
      at = this.cursor.at;
      index += more;
    }
    const slot = this.values.find(index);
    if (slot < 0) {
      this.unresolved(slot);
      return at;
    }
    const start = this.values.startOf(slot);
    const length = this.values.lengthOf(slot);
    this.log.known(this.values.bytes, start, length, this.values.serialOf(index) << 1);
    if (role !== ROLE_NONE) this.fill(role, this.values.bytes, start, start + length, true, cells);
    return at;
  }

  private unresolved(outcome: number): void {
    this.log.unresolved(outcome);
    if (outcome === LOST) {
      if (this.severity < SEVERITY_NOTE) this.severity = SEVERITY_NOTE;
    } else this.severity = SEVERITY_ERROR;
  }

  /** End of the literal at `at`, after walking what it contains; FATAL when it cannot be read. */
  private literal(buf: Uint8Array, at: number, end: number, depth: number, cells: Cells): number {
    if (at >= end) return FATAL;
    const head = buf[at++];
    if (head < 0x60) {
      const mask = head < 0x40 ? 0x3f : 0x1f;
      let length = head & mask;
      if (length === mask) {
        const more = readGroups(buf, at, end, this.cursor);
        if (more < 0) return FATAL;
        at = this.cursor.at;
        length += more;
        if (length >= MAX_VALUE) this.severity = SEVERITY_ERROR;
      }
      return at + length > end ? FATAL : at + length;
    }
    if (head < 0x80) return FATAL;
    if (head < 0xa0) return at;
    if (head < 0xb0) {
      at += (head & 7) + 1;
      return at > end ? FATAL : at;
    }
    if (head < 0xc0) return FATAL;
    if (head < 0xe0) return this.container(buf, at, end, head, depth + 1, cells);
    return head < 0xe2 ? at : FATAL;
  }

  private container(buf: Uint8Array, at: number, end: number, head: number, depth: number, cells: Cells): number {
    if (depth > HARD_DEPTH) return FATAL;
    if (depth > MAX_DEPTH) this.severity = SEVERITY_ERROR;
    let count = head & 15;
    if (count === 15) {
      const more = readGroups(buf, at, end, this.cursor);
      if (more < 0) return FATAL;
      at = this.cursor.at;
      count += more;
      if (count > MAX_ITEMS) this.severity = SEVERITY_ERROR;
    }
    const dictionary = head < 0xd0;
    for (let i = 0; i < count && at !== FATAL; i++) {
      if (at >= end) return FATAL;
      at = dictionary ? this.attribute(buf, at, end, NO_ROLES, NESTED, depth, cells) : this.literal(buf, at, end, depth, cells);
    }
    return at;
  }

  /** Before a table changes, what was taken from it is copied: storing a value may move or overwrite it. */
  private settle(cells: Cells): void {
    this.log.settle();
    if (cells.topicFrom !== undefined && cells.topicFrom !== this.topic) {
      cells.topicEnd = copy(cells.topicFrom, cells.topicStart, cells.topicEnd, this.topic);
      cells.topicStart = 0;
      cells.topicFrom = this.topic;
    }
    if (cells.tokenFrom !== undefined && cells.tokenFrom !== this.token) {
      cells.tokenEnd = copy(cells.tokenFrom, cells.tokenStart, cells.tokenEnd, this.token);
      cells.tokenStart = 0;
      cells.tokenFrom = this.token;
    }
  }

  /** Puts the literal `buf[at, end)` into its column. */
  private fill(role: number, buf: Uint8Array, at: number, end: number, fromTable: boolean, cells: Cells): void {
    const head = buf[at];
    if (role === ROLE_ID || role === ROLE_STATUS) {
      const value = smallNumber(buf, at, end, head);
      if (value < 0) return;
      if (role === ROLE_STATUS) cells.status = value;
      else {
        cells.id = value;
        cells.hasId = true;
      }
      return;
    }
    // Data below 63 bytes, text below 31: one byte of prefix. Longer ones are no topic and no token.
    if (head >= 0x5f || head === 0x3f) return;
    if (role === ROLE_TOPIC) {
      cells.topicFrom = fromTable ? buf : undefined;
      cells.topicStart = at + 1;
      cells.topicEnd = end;
    } else if (role === ROLE_TOKEN) {
      cells.tokenFrom = fromTable ? buf : undefined;
      cells.tokenStart = at + 1;
      cells.tokenEnd = end;
    }
  }
}

/** Copies `from[start, end)` to the front of `to`; gives the length. */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array): number {
  for (let i = start; i < end; i++) to[i - start] = from[i];
  return end - start;
}

/** An id or status: an integer, or data of one to four bytes, as unsigned 32 bits; -1 when it is neither. */
function smallNumber(buf: Uint8Array, at: number, end: number, head: number): number {
  if (head >= 0x80 && head < 0xa0) return head & 0x1f;
  const length = end - at - 1;
  const integer = head >= 0xa0 && head < 0xb0;
  if (length < 1 || length > 4 || (!integer && head !== length)) return -1;
  let value = 0;
  for (let i = at + 1; i < end; i++) value = (value << 8) | buf[i];
  return (integer && (head & 8) !== 0 ? -value : value) >>> 0;
}
