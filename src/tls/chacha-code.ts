import {
  type Code,
  type FunctionDef,
  get,
  I32,
  I64,
  i32,
  i64,
  i64Load,
  i64Load32,
  i64Store,
  loopWhile,
  OP,
  set,
  shuffle,
  V128,
  v128,
  v128Load,
  v128Load32Splat,
  v128Store,
} from '../core/wasm-module.ts';

const numbers = (count: number, from: number): number[] => Array.from({ length: count }, (_, i) => from + i);

// --- ChaCha20, four blocks side by side (RFC 8439 section 2.3) ---------------------------------------------------

const [OUT, STATE, GROUPS] = [0, 1, 2];
const X = numbers(16, 3);
const [COUNTER, ROUNDS] = [19, 20];
const T = numbers(4, 21);

const ROTATE_16 = shuffle([2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13]);
const ROTATE_8 = shuffle([3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14]);
const FIRST_COUNTERS = v128([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
const FOUR = v128([4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0]);

const addTo = (a: number, b: number): Code => [get(a), get(b), OP.i32x4Add, set(a)];
const mixShuffled = (d: number, a: number, rotation: Code): Code => [get(d), get(a), OP.v128Xor, set(d), get(d), get(d), rotation, set(d)];
const mixShifted = (b: number, c: number, by: number): Code => [
  [get(b), get(c), OP.v128Xor, set(b)],
  [get(b), i32(by), OP.i32x4Shl, get(b), i32(32 - by), OP.i32x4ShiftRight, OP.v128Or, set(b)],
];

function quarter(a: number, b: number, c: number, d: number): Code {
  return [
    [addTo(X[a], X[b]), mixShuffled(X[d], X[a], ROTATE_16)],
    [addTo(X[c], X[d]), mixShifted(X[b], X[c], 12)],
    [addTo(X[a], X[b]), mixShuffled(X[d], X[a], ROTATE_8)],
    [addTo(X[c], X[d]), mixShifted(X[b], X[c], 7)],
  ];
}

const doubleRound = (): Code => [
  [quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)],
  [quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)],
];

const LOW_32 = shuffle([0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23]);
const HIGH_32 = shuffle([8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31]);
const LOW_64 = shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
const HIGH_64 = shuffle([8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]);

/** Four words of four blocks, turned from word by word to block by block, and stored where they belong. */
function storeRow(row: number): Code {
  const [a, b, c, d] = X.slice(4 * row, 4 * row + 4);
  const put = (block: number, first: number, second: number, pick: Code): Code => [
    get(OUT),
    get(first),
    get(second),
    pick,
    v128Store(64 * block + 16 * row),
  ];
  return [
    [get(a), get(b), LOW_32, set(T[0]), get(a), get(b), HIGH_32, set(T[1])],
    [get(c), get(d), LOW_32, set(T[2]), get(c), get(d), HIGH_32, set(T[3])],
    [put(0, T[0], T[2], LOW_64), put(1, T[0], T[2], HIGH_64), put(2, T[1], T[3], LOW_64), put(3, T[1], T[3], HIGH_64)],
  ];
}

/** `chacha(out, state, groups)`: key stream of `groups` times four blocks, from the counter in the 64 bytes of `state` on. */
export const CHACHA: FunctionDef = {
  name: 'chacha',
  parameters: [I32, I32, I32],
  results: [],
  locals: [...X.map(() => V128), V128, I32, V128, V128, V128, V128],
  body: () => [
    [get(STATE), v128Load32Splat(48), FIRST_COUNTERS, OP.i32x4Add, set(COUNTER)],
    loopWhile([
      X.map((x, i) => [i === 12 ? get(COUNTER) : [get(STATE), v128Load32Splat(4 * i)], set(x)]),
      [i32(10), set(ROUNDS)],
      loopWhile([doubleRound(), get(ROUNDS), i32(1), OP.i32Sub, set(ROUNDS), get(ROUNDS)]),
      X.map((x, i) => [get(x), i === 12 ? get(COUNTER) : [get(STATE), v128Load32Splat(4 * i)], OP.i32x4Add, set(x)]),
      numbers(4, 0).map(storeRow),
      [get(COUNTER), FOUR, OP.i32x4Add, set(COUNTER)],
      [get(OUT), i32(256), OP.i32Add, set(OUT)],
      [get(GROUPS), i32(1), OP.i32Sub, set(GROUPS), get(GROUPS)],
    ]),
  ],
};

// --- XOR ---------------------------------------------------------------------------------------------------------

/** `xor(text, stream, blocks)`: XORs 16-byte blocks of `stream` onto `text`; at least one. */
export const XOR: FunctionDef = {
  name: 'xor',
  parameters: [I32, I32, I32],
  results: [],
  locals: [],
  body: () => [
    loopWhile([
      [get(0), get(0), v128Load(0), get(1), v128Load(0), OP.v128Xor, v128Store(0)],
      [get(0), i32(16), OP.i32Add, set(0), get(1), i32(16), OP.i32Add, set(1)],
      [get(2), i32(1), OP.i32Sub, set(2), get(2)],
    ]),
  ],
};

// --- Poly1305 in limbs of 26 bits (RFC 8439 section 2.5) ---------------------------------------------------------

const [DATA, BLOCKS, POLY] = [0, 1, 2];
const H = numbers(5, 3);
const R = numbers(5, 8);
const S = numbers(5, 13);
const D = numbers(5, 18);
const CARRY = 23;
const MASK = 0x3ffffff;

/** 26 bits of the block: the 32 bits at `offset`, shifted. */
const limb = (h: number, offset: number, shift: number): Code => [
  get(h),
  get(DATA),
  i64Load32(offset),
  shift === 0 ? [] : [i64(shift), OP.i64ShiftRight],
  // The last limb has 24 bits, and the bit above the block.
  offset === 12 ? [i64(1 << 24), OP.i64Or] : [i64(MASK), OP.i64And],
  OP.i64Add,
  set(h),
];

/** Sum of the products that belong to limb `k`: limbs beyond the fifth come back times 5. */
const product = (k: number): Code => [
  H.map((h, i) => [get(h), get(i <= k ? R[k - i] : S[5 + k - i]), OP.i64Mul, i === 0 ? [] : OP.i64Add]),
  set(D[k]),
];

const carry = (k: number): Code =>
  k < 4
    ? [get(D[k]), i64(MASK), OP.i64And, set(H[k]), get(D[k + 1]), get(D[k]), i64(26), OP.i64ShiftRight, OP.i64Add, set(D[k + 1])]
    : [get(D[4]), i64(26), OP.i64ShiftRight, set(CARRY), get(D[4]), i64(MASK), OP.i64And, set(H[4])];

/**
 * `poly(data, blocks, state)`: runs Poly1305 over whole blocks, at least one. `state` holds five limbs of r and five of
 * the sum, 64 bits each, and is brought up to date; the limbs of the sum stay below 2^27.
 */
export const POLY1305: FunctionDef = {
  name: 'poly',
  parameters: [I32, I32, I32],
  results: [],
  locals: numbers(21, 3).map(() => I64),
  body: () => [
    R.map((r, i) => [get(POLY), i64Load(8 * i), set(r)]),
    R.map((r, i) => (i === 0 ? [] : [get(r), i64(5), OP.i64Mul, set(S[i])])),
    H.map((h, i) => [get(POLY), i64Load(40 + 8 * i), set(h)]),
    loopWhile([
      [limb(H[0], 0, 0), limb(H[1], 3, 2), limb(H[2], 6, 4), limb(H[3], 9, 6), limb(H[4], 12, 8)],
      numbers(5, 0).map(product),
      numbers(5, 0).map(carry),
      [get(H[0]), get(CARRY), i64(5), OP.i64Mul, OP.i64Add, set(H[0])],
      [get(H[1]), get(H[0]), i64(26), OP.i64ShiftRight, OP.i64Add, set(H[1]), get(H[0]), i64(MASK), OP.i64And, set(H[0])],
      [get(DATA), i32(16), OP.i32Add, set(DATA)],
      [get(BLOCKS), i32(1), OP.i32Sub, set(BLOCKS), get(BLOCKS)],
    ]),
    H.map((h, i) => [get(POLY), get(h), i64Store(40 + 8 * i)]),
  ],
};
