import { KeyTable } from './key-table.ts';
import { ReferenceReader } from './references.ts';
import { LOST, ValueTable } from './value-table.ts';

/** What a reference stands for: a key's bytes or an encoded literal, or why neither is known. */
export type Resolved = Uint8Array | 'lost' | 'missing';

/** The tables as `parsePacked` sees them. */
export interface History {
  /** References from some place on were not kept. */
  readonly cut: boolean;
  key(index: number): Resolved;
  value(index: number): Resolved;
  addKey(buf: Uint8Array, start: number, end: number): void;
  /** False: the value is larger than the table. */
  addValue(buf: Uint8Array, start: number, end: number): boolean;
}

/** Answers from the log that the index kept: the references of one frame in wire order. */
export class LoggedHistory implements History {
  private readonly log: ReferenceReader;

  constructor(log: Uint8Array) {
    this.log = new ReferenceReader(log);
  }

  get cut(): boolean {
    return this.log.cut;
  }

  key(_index: number): Resolved {
    return this.log.next();
  }

  value(_index: number): Resolved {
    return this.log.next();
  }

  addKey(): void {}

  addValue(_buf: Uint8Array, start: number, end: number): boolean {
    return this.log.limit === undefined || end - start + 32 <= this.log.limit;
  }
}

/** A frame on its own: what it adds itself is known, all else is lost. */
export class NoHistory implements History {
  readonly cut = false;
  private readonly values = new ValueTable();
  private readonly keys = new KeyTable();

  constructor() {
    this.values.forget();
    this.keys.forget();
  }

  key(index: number): Resolved {
    const slot = this.keys.find(index);
    if (slot < 0) return slot === LOST ? 'lost' : 'missing';
    const start = this.keys.startOf(slot);
    return this.keys.bytes.slice(start, start + this.keys.lengthOf(slot));
  }

  value(index: number): Resolved {
    const slot = this.values.find(index);
    // The table's real size is not known here, so no index can be called impossible.
    if (slot < 0) return 'lost';
    const start = this.values.startOf(slot);
    return this.values.bytes.slice(start, start + this.values.lengthOf(slot));
  }

  addKey(buf: Uint8Array, start: number, end: number): void {
    this.keys.add(buf, start, end);
  }

  addValue(buf: Uint8Array, start: number, end: number): boolean {
    this.values.add(buf, start, end);
    return true;
  }
}

/** Inside a value that came out of the table: what it refers to is not known any more, and it adds nothing. */
export const DETACHED: History = {
  cut: false,
  key: () => 'lost',
  value: () => 'lost',
  addKey: () => {},
  addValue: () => true,
};
