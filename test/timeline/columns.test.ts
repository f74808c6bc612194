import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cells } from '../../src/core/dialect.ts';
import { SOURCE_SPAN } from '../../src/core/stream.ts';
import { CHUNK_ROWS, FLAG_PIECES } from '../../src/timeline/columns.ts';
import { Rows } from '../../src/timeline/rows.ts';

const FILE = SOURCE_SPAN;
const NO_SPOOL = { append: () => 0 };

interface Written {
  readonly sec: number;
  readonly nsec: number;
  readonly packet: number;
  readonly stream: number;
  readonly dir: 0 | 1;
  readonly length: number;
  readonly places: readonly (readonly [address: number, length: number])[];
  readonly id: number | undefined;
}

/** Rows that were told so, one after another. */
function index(rows: readonly Written[]): Rows {
  const at = { packet: 0, sec: Number.NaN, nsec: 0 };
  const index = new Rows(at, NO_SPOOL);
  const cells = new Cells();
  for (const row of rows) {
    at.packet = row.packet;
    at.sec = row.sec;
    at.nsec = row.nsec;
    cells.clear();
    if (row.id !== undefined) {
      cells.hasId = true;
      cells.id = row.id;
    }
    index.append(row.stream, row.dir, cells, new Uint8Array(0), row.length, {
      address: row.places[0][0],
      count: row.places.length === 1 ? 0 : row.places.length,
      addresses: row.places.map(([address]) => address),
      lengths: row.places.map(([, length]) => length),
    });
  }
  return index;
}

/** What the columns say of a row, in the form in which it was told. */
function read(index: Rows, row: number): Written {
  const { columns, pieces } = index;
  const spans = (columns.flags(row) & FLAG_PIECES) !== 0;
  const first = columns.address(row);
  return {
    sec: columns.sec(row),
    nsec: columns.nsec(row),
    packet: columns.packet(row),
    stream: columns.stream(row),
    dir: columns.dir(row),
    length: columns.length(row),
    places: spans
      ? [0, 1].map((i) => [pieces.address(first + i), pieces.length(first + i)] as const)
      : [[first, columns.length(row)] as const],
    id: columns.id(row),
  };
}

const plain = (i: number): Written => ({
  sec: 1_700_000_000 + (i >> 8),
  nsec: i,
  packet: i + 1,
  stream: i % 7,
  dir: (i & 1) as 0 | 1,
  length: 100,
  places: [[FILE + 24 + i * 150, 100]],
  id: i,
});

describe('the columns of the index', () => {
  test('hold what was written, whatever jumps in time, place, length and number', () => {
    const place = fc.record({
      address: fc.oneof(
        fc.nat(1 << 20),
        fc.nat(2 ** 31),
        fc.maxSafeNat().map((n) => n % SOURCE_SPAN),
      ),
      length: fc.oneof(fc.nat(70_000), fc.constant(5_000_000_000 % 2 ** 32)),
    });
    const row = fc
      .record({
        sec: fc.oneof(fc.nat(4_000_000_000), fc.integer({ min: 1_700_000_000, max: 1_700_000_500 })),
        nsec: fc.nat(999_999_999),
        packet: fc.nat(2 ** 32 - 1),
        stream: fc.oneof(fc.nat(10), fc.nat(400_000)),
        dir: fc.constantFrom<0 | 1>(0, 1),
        places: fc.array(place, { minLength: 1, maxLength: 2 }),
        id: fc.option(fc.nat(2 ** 32 - 1), { nil: undefined }),
      })
      .map(({ places, ...rest }): Written => {
        const pieces = places.map(({ address, length }) => [FILE + address, length] as const);
        return { ...rest, places: pieces, length: pieces.reduce((sum, [, length]) => sum + length, 0) % 2 ** 32 };
      })
      .filter(({ places, length }) => places.length > 1 || places[0][1] === length);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const made = index(rows);
        expect(rows.map((_, i) => read(made, i))).toEqual(rows);
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });

  test('hold it over the end of the first chunk and of small ones', () => {
    const rows = Array.from({ length: CHUNK_ROWS + 3000 }, (_, i) => plain(i));
    const made = index(rows);
    for (const i of [0, 1, 2047, 2048, 2049, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, rows.length - 1])
      expect(read(made, i)).toEqual(rows[i]);
  });

  test('stay narrow when rows are completed out of the order of the file and of time', () => {
    const made = index([plain(5000), { ...plain(0), sec: 1_699_999_900 }, plain(5001)]);
    const { sec, address } = made.columns.chunks[0];
    expect([sec.BYTES_PER_ELEMENT, address.BYTES_PER_ELEMENT]).toEqual([2, 4]);
    expect(read(made, 1)).toEqual({ ...plain(0), sec: 1_699_999_900 });
  });

  test('read second 0 of rows without times', () => {
    const made = index([{ ...plain(0), sec: Number.NaN }, plain(1)]);
    expect([made.columns.sec(0), made.columns.sec(1)]).toEqual([0, 1_700_000_000]);
  });
});
