/**
 * Writes WebAssembly modules: just enough of the binary format to state a few inner loops in 128-bit operations, which JavaScript
 * does not have. Source: WebAssembly Core Specification 2.0, chapters 5.4 and 5.5.
 */

/** Code is a list of bytes; nested lists are flattened when the module is written. */
export type Code = readonly (number | Code)[];

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;

/** Unsigned LEB128. */
function unsigned(n: number): number[] {
  const out: number[] = [];
  do {
    const low = n & 0x7f;
    n >>>= 7;
    out.push(n === 0 ? low : low | 0x80);
  } while (n !== 0);
  return out;
}

/** Signed LEB128 of a 32-bit number. */
function signed(n: number): number[] {
  const out: number[] = [];
  for (;;) {
    const low = n & 0x7f;
    n >>= 7;
    if ((n === 0 && (low & 0x40) === 0) || (n === -1 && (low & 0x40) !== 0)) {
      out.push(low);
      return out;
    }
    out.push(low | 0x80);
  }
}

const simd = (op: number): number[] => [0xfd, ...unsigned(op)];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const i32 = (n: number): Code => [0x41, ...signed(n)];
export const i64 = (n: number): Code => [0x42, ...signed(n)];
/** Repeats the body while the condition that it leaves on the stack is true. */
export const loopWhile = (body: Code): Code => [0x03, 0x40, body, 0x0d, 0, 0x0b];

/** Does the body when the number on the stack is not 0. */
export const when = (body: Code): Code => [0x04, 0x40, body, 0x0b];

export const OP = {
  i32Add: [0x6a],
  i32Sub: [0x6b],
  i32And: [0x71],
  i32Shl: [0x74],
  i32Xor: [0x73],
  i32AtMost: [0x4d],
  i32TrailingZeros: [0x68],
  i64Add: [0x7c],
  i64Mul: [0x7e],
  i64And: [0x83],
  i64Or: [0x84],
  i64Shl: [0x86],
  i64ShiftRight: [0x88],
  i32Wrap: [0xa7],
  v128Xor: simd(0x51),
  v128Or: simd(0x50),
  v128AnyTrue: simd(0x53),
  i8x16Equal: simd(0x23),
  i8x16Less: simd(0x25),
  i8x16More: simd(0x27),
  i8x16Bits: simd(0x64),
  i32x4Add: simd(0xae),
  i32x4Shl: simd(0xab),
  i32x4ShiftRight: simd(0xad),
  i32x4Splat: simd(0x11),
} as const satisfies Record<string, Code>;

/** Loads and stores with a constant offset; the alignment is not promised. */
export const v128Load = (offset = 0): Code => [simd(0x00), 0, ...unsigned(offset)];
/** Loads 32 bits into all four lanes. */
export const v128Load32Splat = (offset = 0): Code => [simd(0x09), 0, ...unsigned(offset)];
export const v128Store = (offset = 0): Code => [simd(0x0b), 0, ...unsigned(offset)];
export const i64Load = (offset = 0): Code => [0x29, 0, ...unsigned(offset)];
export const i64Load32 = (offset = 0): Code => [0x35, 0, ...unsigned(offset)];
export const i64Store = (offset = 0): Code => [0x37, 0, ...unsigned(offset)];
/** Stores the lower half of 32 bits. */
export const i32Store16 = (offset = 0): Code => [0x3b, 0, ...unsigned(offset)];
/** Replaces one 32-bit lane. */
export const i32ReplaceLane = (lane: number): Code => [simd(0x1c), lane];
/** Lane of a vector as i64. */
export const i64Lane = (lane: number): Code => [simd(0x1d), lane];
/** Bytes picked out of two vectors. */
export const shuffle = (lanes: readonly number[]): Code => [simd(0x0d), ...lanes];
/** A constant vector, its bytes in memory order. */
export const v128 = (bytes: readonly number[]): Code => [simd(0x0c), ...bytes];

export interface FunctionDef {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** Types of the locals behind the parameters. */
  readonly locals: readonly number[];
  /** Made when a module is written: few runs need one. */
  readonly body: () => Code;
}

/** The bytes of a module that imports its memory as `env.memory` (at least `pages` pages) and exports the functions. */
export function wasmModule(pages: number, functions: readonly FunctionDef[]): Uint8Array {
  const bytes: number[] = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const section = (id: number, content: Code): void => {
    const flat = flatten(content);
    bytes.push(id, ...unsigned(flat.length));
    for (const byte of flat) bytes.push(byte);
  };
  const name = (text: string): Code => [...unsigned(text.length), ...Array.from(text, (c) => c.charCodeAt(0))];
  const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items];
  section(1, list(functions.map((f) => [0x60, list(f.parameters.map((t) => [t])), list(f.results.map((t) => [t]))])));
  section(2, list([[name('env'), name('memory'), 0x02, 0x00, ...unsigned(pages)]]));
  section(3, list(functions.map((_, i) => unsigned(i))));
  section(7, list(functions.map((f, i) => [name(f.name), 0x00, ...unsigned(i)])));
  section(
    10,
    list(
      functions.map((f) => {
        const code = flatten([list(f.locals.map((t) => [1, t])), f.body(), 0x0b]);
        return [...unsigned(code.length), code];
      }),
    ),
  );
  return new Uint8Array(bytes);
}

function flatten(code: Code, out: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') out.push(part);
    else flatten(part, out);
  }
  return out;
}
