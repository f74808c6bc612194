import {
  type Code,
  type FunctionDef,
  get,
  I32,
  I64,
  i32,
  i32ReplaceLane,
  i64,
  i64Lane,
  loopWhile,
  OP,
  set,
  shuffle,
  V128,
  v128,
  v128Load,
  v128Store,
  when,
} from '../core/wasm-module.ts';

/** Bytes of the table of one hash key: 32 nibble positions, 16 values each, 16 bytes each. */
export const GHASH_TABLE = 32 * 16 * 16;

/**
 * y = y · H in GF(2^128): the product is the sum of one table entry for each nibble of y, so no reduction is left to do.
 * Four sums run side by side, so that they do not wait for each other.
 */
function multiply(y: number, half: number, table: number, sums: readonly number[]): Code {
  const code: Code[] = [];
  for (let p = 0; p < 32; p++) {
    if (p % 16 === 0) code.push([get(y), i64Lane(p / 16), set(half)]);
    const k = p % 16;
    // The nibble, times 16, as an offset into its part of the table.
    const shifted: Code = k === 0 ? [get(half), i64(4), OP.i64Shl] : k === 1 ? [get(half)] : [get(half), i64(4 * k - 4), OP.i64ShiftRight];
    const entry: Code = [shifted, OP.i32Wrap, i32(0xf0), OP.i32And, get(table), OP.i32Add, v128Load(p * 256)];
    const sum = sums[p % sums.length];
    code.push(p < sums.length ? [entry, set(sum)] : [get(sum), entry, OP.v128Xor, set(sum)]);
  }
  code.push([get(sums[0]), get(sums[1]), OP.v128Xor, get(sums[2]), get(sums[3]), OP.v128Xor, OP.v128Xor, set(y)]);
  return code;
}

const [TEXT, BLOCKS, STREAM, TABLE, ENDS, Y, C, HALF, S0, S1, S2, S3, MASK] = Array.from({ length: 13 }, (_, i) => i);

/**
 * `open(text, blocks, stream, table, ends) -> 0 when authentic`.
 *
 * Decrypts `blocks` blocks at `text` in place with the key stream at `stream` (its first block masks the tag), and checks
 * the tag. `ends` holds the padded additional data, the block of lengths, and the expected tag.
 * Source: NIST SP 800-38D.
 */
export const GCM_OPEN: FunctionDef = {
  name: 'open',
  parameters: [I32, I32, I32, I32, I32],
  results: [I32],
  locals: [V128, V128, I64, V128, V128, V128, V128, V128],
  body: () => [
    [get(STREAM), v128Load(0), set(MASK)],
    get(ENDS),
    v128Load(0),
    set(Y),
    multiply(Y, HALF, TABLE, [S0, S1, S2, S3]),
    get(BLOCKS),
    when(
      loopWhile([
        get(TEXT),
        v128Load(0),
        set(C),
        get(TEXT),
        get(C),
        get(STREAM),
        v128Load(16),
        OP.v128Xor,
        v128Store(0),
        get(Y),
        get(C),
        OP.v128Xor,
        set(Y),
        multiply(Y, HALF, TABLE, [S0, S1, S2, S3]),
        [get(TEXT), i32(16), OP.i32Add, set(TEXT)],
        [get(STREAM), i32(16), OP.i32Add, set(STREAM)],
        [get(BLOCKS), i32(1), OP.i32Sub, set(BLOCKS), get(BLOCKS)],
      ]),
    ),
    get(Y),
    get(ENDS),
    v128Load(16),
    OP.v128Xor,
    set(Y),
    multiply(Y, HALF, TABLE, [S0, S1, S2, S3]),
    get(Y),
    get(ENDS),
    v128Load(32),
    OP.v128Xor,
    get(MASK),
    OP.v128Xor,
    OP.v128AnyTrue,
  ],
};

const [OUT, NONCES, STRIDE, FIXED, HIGH, LOW, MIX, V, K] = Array.from({ length: 9 }, (_, i) => i);
/** Turns the bytes of each 32-bit lane around. */
const BIG_ENDIAN = shuffle([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
const ONE = v128([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);

/**
 * `fill(out, nonces, stride, fixed, high, low, mix)`: writes the counter blocks of `nonces` nonces, `stride` blocks each,
 * numbered from 1. The n-th nonce is `fixed`, `high`, `(low + n) xor mix`, each 32 bits big-endian.
 */
export const GCM_FILL: FunctionDef = {
  name: 'fill',
  parameters: [I32, I32, I32, I32, I32, I32, I32],
  results: [],
  locals: [V128, I32],
  body: () => [
    loopWhile([
      [
        i32(1),
        OP.i32x4Splat,
        get(FIXED),
        i32ReplaceLane(0),
        get(HIGH),
        i32ReplaceLane(1),
        get(LOW),
        get(MIX),
        OP.i32Xor,
        i32ReplaceLane(2),
        set(V),
      ],
      [get(STRIDE), set(K)],
      loopWhile([
        [get(OUT), get(V), get(V), BIG_ENDIAN, v128Store(0)],
        [get(V), ONE, OP.i32x4Add, set(V)],
        [get(OUT), i32(16), OP.i32Add, set(OUT)],
        [get(K), i32(1), OP.i32Sub, set(K), get(K)],
      ]),
      [get(LOW), i32(1), OP.i32Add, set(LOW)],
      [get(NONCES), i32(1), OP.i32Sub, set(NONCES), get(NONCES)],
    ]),
  ],
};
