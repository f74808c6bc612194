import { instantiate, type WasmMachine } from '../core/wasm-machine.ts';
import {
  type FunctionDef,
  get,
  I32,
  i32,
  i32Store16,
  loopWhile,
  OP,
  set,
  V128,
  v128,
  v128Load,
  v128Store,
  when,
} from '../core/wasm-module.ts';

/*
 * The bytes of a JSON text that end or change what stands in its strings: found all at once, sixteen bytes a step, so that whoever
 * reads the text goes from quote to quote.
 */

/** Longest text: the largest payload that couriers announce has 15 KiB. */
export const MARKED_BYTES = 1 << 14;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Room behind the text: a step reads that far. */
const STEP = 16;
const MARKS_AT = MARKED_BYTES + STEP;
const PAGE = 1 << 16;
/** Texts that are read before compiling pays: it takes as long as a hundred of them in code that V8 has not compiled itself. */
const FIRST_TEXTS = 40;

/** Printable ASCII that stands for itself in a string. */
const PLAIN = new Uint8Array(256).map((_, c) => (c >= 0x20 && c < 0x7f && c !== QUOTE && c !== BACKSLASH ? 1 : 0));

const all = (byte: number) => v128(new Array(STEP).fill(byte));
const [AT, END, OUT, V, BITS] = Array.from({ length: 5 }, (_, i) => i);

/** `mark(at, end, out)`: writes the places in [at, end] of bytes that are not plain as 16-bit numbers. The byte at `end` is made 0. */
const MARK: FunctionDef = {
  name: 'mark',
  parameters: [I32, I32, I32],
  results: [],
  locals: [V128, I32],
  body: () => [
    [get(END), all(0), v128Store(0)],
    loopWhile([
      [get(AT), v128Load(0), set(V)],
      // Signed: bytes from 0x80 on are below 0.
      [get(V), all(0x20), OP.i8x16Less, get(V), all(0x7e), OP.i8x16More, OP.v128Or],
      [get(V), all(QUOTE), OP.i8x16Equal, get(V), all(BACKSLASH), OP.i8x16Equal, OP.v128Or, OP.v128Or],
      [OP.i8x16Bits, set(BITS), get(BITS)],
      when(
        loopWhile([
          [get(OUT), get(AT), get(BITS), OP.i32TrailingZeros, OP.i32Add, i32Store16(0)],
          [get(OUT), i32(2), OP.i32Add, set(OUT)],
          [get(BITS), get(BITS), i32(1), OP.i32Sub, OP.i32And, set(BITS), get(BITS)],
        ]),
      ),
      [get(AT), i32(STEP), OP.i32Add, set(AT), get(AT), get(END), OP.i32AtMost],
    ]),
  ],
};

type Mark = (at: number, end: number, out: number) => void;

/**
 * A JSON text and its marks: the places, in their order, of all bytes but printable ASCII that stands for itself in a string.
 * There is a mark at or behind the end of the text.
 */
export class MarkedText {
  text: Uint8Array;
  marks: Uint16Array;
  private texts = 0;
  private mark: Mark | undefined = undefined;

  constructor() {
    const memory = new ArrayBuffer(PAGE);
    this.text = new Uint8Array(memory);
    this.marks = new Uint16Array(memory, MARKS_AT, MARKED_BYTES + STEP);
  }

  /** Takes `b[start, end)`, of at most `MARKED_BYTES`, in place of the text before. */
  take(b: Uint8Array, start: number, end: number): void {
    if (++this.texts === FIRST_TEXTS) this.use(instantiate(1, [MARK]));
    const length = end - start;
    this.text.set(start === 0 && end === b.length ? b : b.subarray(start, end));
    if (this.mark !== undefined) this.mark(0, length, MARKS_AT);
    else this.find(length);
  }

  private use(machine: WasmMachine | null): void {
    if (machine === null) return;
    this.mark = machine.functions['mark'] as Mark;
    this.text = machine.bytes;
    this.marks = new Uint16Array(machine.bytes.buffer, MARKS_AT, MARKED_BYTES + STEP);
  }

  private find(end: number): void {
    const { text, marks } = this;
    text[end] = 0;
    let n = 0;
    for (let at = 0; at <= end; at++) if (PLAIN[text[at]] === 0) marks[n++] = at;
  }
}
