/** Randomness that a seed repeats: faults, tokens and identifiers of two runs with one seed are equal. */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in [0, 2^32). */
  u32(): number {
    this.state = (this.state + STEP) >>> 0;
    return mix(this.state);
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.u32() / 0x100000000;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.u32() >>> 24;
    return out;
  }

  /** A version 4 UUID, lower case. */
  uuid(): string {
    return uuidAt(this.ticket());
  }

  /** Draws a UUID without writing it out: `uuidAt` gives the text, for who ever asks for it. A 32-bit integer. */
  ticket(): number {
    const ticket = this.state | 0;
    this.state = (this.state + 4 * STEP) >>> 0;
    return ticket;
  }
}

/** The version 4 UUID of a ticket, lower case. */
export function uuidAt(ticket: number): string {
  putHex(0, mix((ticket + STEP) >>> 0));
  putHex(8, (mix((ticket + 2 * STEP) >>> 0) & 0xffff0fff) | 0x4000);
  putHex(16, (mix((ticket + 3 * STEP) >>> 0) & 0x3fffffff) | 0x80000000);
  putHex(24, mix((ticket + 4 * STEP) >>> 0));
  return text.toString('latin1');
}

/** The mulberry32 step: 32 bits of state are plenty for test data, never for secrets. */
const STEP = 0x6d2b79f5;

function mix(state: number): number {
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (t ^ (t >>> 14)) >>> 0;
}

/** A UUID is written here first: put together from strings, it would be a tree of them. */
const text = Buffer.from('00000000-0000-0000-0000-000000000000');
/** Where each of the 32 digits stands between the dashes. */
const PLACES = [...text.toString('latin1')].flatMap((letter, at) => (letter === '-' ? [] : [at]));
const DIGITS = Buffer.from('0123456789abcdef');

function putHex(from: number, word: number): void {
  for (let i = 0; i < 8; i++) text[PLACES[from + i]] = DIGITS[(word >>> (28 - 4 * i)) & 15];
}
