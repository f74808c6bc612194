import { uintBig } from '../../core/bytes.ts';
import type { Item, Syntax } from '../../core/message.ts';
import type { Note } from '../../core/note.ts';
import { utf8 } from '../../core/text.ts';
import { type NoteCode, note } from '../../schema/notes.ts';
import { DETACHED, type History, LoggedHistory, NoHistory, type Resolved } from './history.ts';
import { MAX_KEY_BYTES } from './key-table.ts';
import { FRAME_ITEMS, HARD_DEPTH, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_VALUE, MIN_COMMAND } from './limits.ts';
import { Cursor, OVERLONG, readPrefixed } from './numbers.ts';

/**
 * Cuts one frame into items; lossless in meaning, bounded, never throws.
 *
 * `references` is what `PackedIndexer` logged for this frame; without it only what the frame itself stores can be referred to.
 * Item ids are attribute numbers at the top (the hex of the key when it is not one byte), texts in dictionaries, positions in
 * arrays. Items and `rest` tile the frame's attributes. `how` is `literal`, `stored`, or `reference N`.
 */
export function parsePacked(bytes: Uint8Array, references?: Uint8Array): Syntax {
  const reader = new SyntaxReader(bytes, bytes.length, references === undefined ? new NoHistory() : new LoggedHistory(references));
  return reader.frame();
}

/** Notes about one frame: what is wrong in more places than this needs no further proof. */
const MAX_NOTES = 256;

/** Reads literals and attributes at `at`, which moves on. `undefined` from a method: reading cannot go on, a note says why. */
class SyntaxReader {
  at = 0;
  readonly notes: Note[] = [];
  private readonly buf: Uint8Array;
  private end: number;
  private readonly history: History;
  private readonly cursor = new Cursor();
  /** Set once reading failed inside a container: all the levels above stop as well. */
  private broken = false;

  private readonly budget: { items: number; told: boolean };

  /** `budget`: the items that the frame may still have, shared with the values that its references stand for. */
  constructor(buf: Uint8Array, end: number, history: History, budget = { items: FRAME_ITEMS, told: false }) {
    this.buf = buf;
    this.end = end;
    this.history = history;
    this.budget = budget;
  }

  frame(): Syntax {
    const { buf } = this;
    const total = this.end;
    const command = total > 0 ? buf[0] : 0;
    if (total > 0 && command < MIN_COMMAND) this.note('packed.frame-invalid', 0, 1, `command ${command}`);
    this.at = Math.min(1, total);
    const length = this.number(0xff, 'packed.frame-invalid');
    if (length === undefined) return { command, items: [], rest: { start: this.at, end: total }, notes: this.notes };
    if (length > MAX_BODY) this.note('packed.frame-too-large', 1, this.at, `${length} bytes`);
    if (length > total - this.at) this.note('frame.truncated', 1, this.at, `${length} bytes declared, ${total - this.at} here`);
    this.end = Math.min(total, this.at + length);
    if (this.history.cut) this.note('packed.references-cut', 0, this.end);
    const items: Item[] = [];
    while (this.at < this.end && !this.broken) {
      const item = this.attribute(0, true);
      if (item === undefined) break;
      items.push(item);
    }
    if (this.at === this.end && this.end < total) this.note('frame.trailing', this.end, total, `${total - this.end} bytes`);
    return { command, items, rest: { start: this.at, end: total }, notes: this.notes };
  }

  /** On failure inside a container, the container with what could be read is given and `at` stays before the failure. */
  private attribute(depth: number, top: boolean): Item | undefined {
    const { buf } = this;
    const start = this.at;
    if (this.isSpent(start)) return undefined;
    const head = buf[this.at++];
    const id = this.key(head, start, top);
    if (id === undefined) return this.fail(start);
    const mode = head >> 6;
    if (mode === 2) {
      const index = this.number(0xff, 'packed.value-index-invalid');
      if (index === undefined) return this.fail(start);
      return this.resolve(id, index, this.history.value(index), start);
    }
    if (mode === 3) {
      this.note('packed.reserved', start, start + 1, 'value mode 3');
      return this.fail(start);
    }
    const valueStart = this.at;
    const item = this.literal(id, start, depth, mode === 1 ? 'stored' : 'literal');
    if (item === undefined) return this.fail(start);
    if (mode === 1 && !this.broken) {
      const encoded = this.at - valueStart;
      if (!this.history.addValue(buf, valueStart, this.at)) {
        this.note('packed.value-not-indexed', start, this.at, `${encoded} bytes encoded`);
      } else if (item.kind !== 'leaf') this.note('packed.indexed-container', start, this.at);
    }
    return item;
  }

  private fail(start: number): undefined {
    this.at = start;
    this.broken = true;
    return undefined;
  }

  private key(head: number, start: number, top: boolean): number | string | undefined {
    if ((head & 0x30) === 0) return top ? head & 15 : String.fromCharCode(head & 15);
    if ((head & 0x20) !== 0) {
      const index = head & 31;
      const key = this.history.key(index);
      if (typeof key !== 'string') return this.keyName(key, start, top);
      this.note(key === 'lost' ? 'packed.key-lost' : 'packed.key-not-found', start, start + 1, `key index ${index}`);
      return `?${index}`;
    }
    this.at--; // P(4) begins in the low bits of the attribute byte
    const more = this.number(0x0f, 'packed.key-invalid');
    if (more === undefined) return undefined;
    const length = more + 1;
    const from = this.at;
    if (from + length > this.end) {
      this.note('packed.truncated', start, this.end, `key of ${length} bytes, ${this.end - from} left`);
      return undefined;
    }
    this.at += length;
    if (length > MAX_KEY_BYTES) this.note('packed.key-invalid', start, this.at, `${length} bytes`);
    else this.history.addKey(this.buf, from, this.at);
    return this.keyName(this.buf.subarray(from, this.at), start, top);
  }

  private keyName(key: Uint8Array, start: number, top: boolean): number | string {
    if (top && key.length === 1) return key[0];
    if (top) this.note('packed.key-invalid', start, this.at, `${key.length} bytes`);
    const text = utf8(key);
    if (text !== undefined) return text;
    if (!top) this.note('packed.key-invalid', start, this.at, 'not UTF-8');
    return `0x${[...key].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  }

  private resolve(id: number | string, index: number, value: Resolved, start: number): Item {
    const at = { start, end: this.at };
    const how = `reference ${index}`;
    if (typeof value === 'string') {
      this.note(value === 'lost' ? 'packed.value-lost' : 'packed.value-not-found', start, this.at, `value index ${index}`);
      return { id, kind: 'lost', value: undefined, at, how };
    }
    const inner = new SyntaxReader(value, value.length, DETACHED, this.budget);
    const item = inner.literal(id, 0, 0, how);
    if (item === undefined) return { id, kind: 'lost', value: undefined, at, how };
    return stand(item, at, how);
  }

  /** The literal at `at` as an item whose range begins at `start`. */
  private literal(id: number | string, start: number, depth: number, how: string): Item | undefined {
    const { buf, end } = this;
    if (this.at >= end) {
      this.note('packed.truncated', start, end, 'value missing');
      return undefined;
    }
    const head = buf[this.at];
    const leaf = (value: Item['value']): Item => ({ id, kind: 'leaf', value, at: { start, end: this.at }, how });
    if (head < 0x60) {
      const from = this.at;
      const length = this.number(head < 0x40 ? 0x3f : 0x1f, 'packed.value-invalid');
      if (length === undefined) return undefined;
      if (this.at + length > end) {
        this.note('packed.truncated', from, end, `${length} bytes declared, ${end - this.at} left`);
        return undefined;
      }
      const value = buf.slice(this.at, this.at + length);
      this.at += length;
      if (length >= MAX_VALUE) this.note('packed.attribute-too-large', from, this.at, `${length} bytes`);
      if (head < 0x40) return leaf(value);
      const text = utf8(value);
      if (text === undefined) this.note('packed.value-invalid', from, this.at, 'not UTF-8');
      return leaf(text ?? value);
    }
    if (head < 0x80 || (head >= 0xb0 && head < 0xc0) || head > 0xe1) {
      this.note('packed.reserved', this.at, this.at + 1, `value byte 0x${head.toString(16)}`);
      return undefined;
    }
    if (head < 0xb0) {
      const value = this.integer(head);
      return value === undefined ? undefined : leaf(value);
    }
    if (head < 0xe0) return this.container(id, start, depth + 1, how);
    this.at++;
    return leaf(head === 0xe1);
  }

  /** A number up to 32 bits of magnitude, a bigint beyond. */
  private integer(head: number): number | bigint | undefined {
    const from = this.at++;
    if (head < 0xa0) return head & 31;
    const length = (head & 7) + 1;
    if (this.at + length > this.end) {
      this.note('packed.truncated', from, this.end, `integer of ${length} bytes, ${this.end - this.at} left`);
      return undefined;
    }
    const magnitude = uintBig(this.buf, this.at, length);
    this.at += length;
    const value = (head & 8) !== 0 ? -magnitude : magnitude;
    return length <= 4 ? Number(value) : value;
  }

  private container(id: number | string, start: number, depth: number, how: string): Item | undefined {
    const from = this.at;
    const dictionary = this.buf[from] < 0xd0;
    if (depth > HARD_DEPTH) {
      this.note('packed.depth', from, from + 1, `more than ${HARD_DEPTH} levels`);
      return undefined;
    }
    const count = this.number(0x0f, 'packed.value-invalid');
    if (count === undefined) return undefined;
    if (depth === MAX_DEPTH + 1) this.note('packed.depth', from, this.at, `more than ${MAX_DEPTH} levels`);
    if (count > MAX_ITEMS) this.note('packed.container-too-large', from, this.at, `${count} items`);
    const items: Item[] = [];
    for (let i = 0; i < count && !this.broken; i++) {
      if (this.at >= this.end) {
        this.note('packed.truncated', from, this.end, `${count} items declared, ${i} here`);
        this.broken = true;
        break;
      }
      const item = dictionary ? this.attribute(depth, false) : this.element(i, depth);
      if (item === undefined) break;
      items.push(item);
    }
    return { id, kind: dictionary ? 'dict' : 'array', value: items, at: { start, end: this.at }, how };
  }

  private element(index: number, depth: number): Item | undefined {
    const start = this.at;
    if (this.isSpent(start)) return undefined;
    return this.literal(index, start, depth, 'literal') ?? this.fail(start);
  }

  /** Counts an item; true when there were too many, and nothing more is read. */
  private isSpent(start: number): boolean {
    if (this.budget.items-- > 0) return false;
    if (!this.budget.told && this.history !== DETACHED) {
      this.budget.told = true;
      this.note('frame.field-limit', start, this.end, `${FRAME_ITEMS} fields`);
    }
    this.fail(start);
    return true;
  }

  private number(mask: number, invalid: NoteCode): number | undefined {
    const from = this.at;
    const value = readPrefixed(this.buf, from, this.end, mask, this.cursor);
    this.at = this.cursor.at;
    if (value >= 0) return value;
    if (value === OVERLONG) this.note(invalid, from, this.at, 'number too long');
    else this.note('packed.truncated', Math.min(from, this.end), this.end, 'number cut off');
    return undefined;
  }

  private note(code: NoteCode, start: number, end: number, detail?: string): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(note(code, start, end, detail));
  }
}

/** The item, and all that is inside it, at the place of the reference that brought it here. */
function stand(item: Item, at: { start: number; end: number }, how: string): Item {
  const value = Array.isArray(item.value) ? (item.value as readonly Item[]).map((inner) => stand(inner, at, how)) : item.value;
  return { ...item, value, at, how };
}
