import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileFilter, FilterError } from '../../../src/timeline/filter/filter.ts';
import type { Timeline } from '../../../src/timeline/timeline.ts';
import { capture, readAll } from '../../support/captures.ts';
import { failure } from '../../support/filters.ts';

let timeline: Timeline;

beforeAll(async () => {
  timeline = (await readAll([capture('courier-session/courier-session.pcap')])).timeline;
});

const rows = (filter: string): number[] => [...compileFilter(filter).select(timeline, 0, timeline.length)];

describe('filter errors', () => {
  it.each([
    ['apns.stauts == 3', 0, 11, 'apns.status'],
    ['apns.status == 0 &', 17, 18, '&&'],
    ['apns.status == 0 | apns.id', 17, 18, '||'],
    ['Unregistered', 0, 12, 'apns.info contains "Unregistered"'],
    ['apns.dialect == couriers', 16, 24, 'courier'],
    ['ssl', 0, 3, 'tls'],
    ['json', 0, 4, 'apns.payload'],
    ['gateway', 0, 7, 'apns.dialect == gateway'],
    ['courier', 0, 7, 'apns.dialect contains courier'],
  ])('%s points at columns %i to %i and suggests %s', (filter, start, end, suggestion) => {
    const error = failure(filter);
    expect([error.start, error.end, error.suggestion]).toEqual([start, end, suggestion]);
    expect(error.message.split('\n')[2]).toBe(`  ${' '.repeat(start)}${'^'.repeat(end - start)}`);
    expect(error.exit).toBe(2);
  });

  it.each([
    ['', 'the filter is empty'],
    ['(apns.id', "')' is missing"],
    ['apns.id ==', 'a value is missing'],
    ['apns.id in {1 2}', 'separated by commas'],
    ['apns.id in {1, 2', "'}' is missing"],
    ['apns.info == "abc', 'does not end'],
    ['apns.token[x] == 1', 'is no slice'],
    ['apns.id == 1 apns.id == 2', 'an operator'],
    ['apns.status contains "1"', 'takes text or bytes'],
    ['apns.status == abc', 'is a number'],
    ['frame.time > yesterday', 'is a time'],
    ['apns.rtt > soon', 'is a length of time'],
    ['apns.direction == up', 'c2s or s2c'],
    ['apns.info matches "("', 'not valid'],
    ['apns.info matches "(a+)+$"', 'repeats'],
    ['apns.info matches "(a|a)*b"', 'repeats'],
    ['apns.info matches "(a)\\\\1"', 'repeats'],
    [`${'('.repeat(1000)}apns.id`, 'nested deeper'],
    [`${'len('.repeat(1000)}apns.id`, 'nested deeper'],
    ['apns.id == 1 §', 'unexpected'],
  ])('%s is refused: %s', (filter, sentence) => {
    expect(failure(filter).reason).toContain(sentence);
  });

  it('refuses brackets nested 100,000 deep and as many negations only where they have a depth', () => {
    expect(failure('('.repeat(30_000)).reason).toContain('nested deeper');
    expect(failure(`${'('.repeat(100_000)}apns.id`).reason).toContain('longer than');
    expect(rows(`${'!'.repeat(30_000)}apns.id`)).toEqual(rows('apns.id'));
  });

  it('never throws anything but a FilterError, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'apns.id',
        'apns.topic',
        'apns.payload.aps',
        '==',
        '!=',
        '&&',
        '||',
        '!',
        '(',
        ')',
        '[0:2]',
        '{',
        '}',
        'in',
        'contains',
        'matches',
        '"x"',
        '7',
        '0x1f',
        '..',
        ',',
        'len(',
        'xor',
        'not',
        '~',
        '=',
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          compileFilter(pieces.join(' ')).select(timeline, 0, timeline.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
        }
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});

/** Terms with what they mean, row by row: a second implementation to compare with. */
const TERMS: readonly [string, (row: number) => boolean][] = [
  ['apns.direction == c2s', (r) => timeline.rows.columns.dir(r) === 0],
  ['apns.size > 100', (r) => timeline.rows.columns.length(r) > 100],
  ['apns.status == 0', (r) => timeline.rows.columns.status(r) === 0],
  ['apns.status != 0', (r) => timeline.rows.columns.status(r) > 0],
  ['apns.id', (r) => timeline.rows.columns.id(r) !== undefined],
  ['apns.id >= 4097', (r) => (timeline.rows.columns.id(r) ?? -1) >= 4097],
  ['tcp.stream == 1', (r) => timeline.rows.columns.stream(r) === 1],
  ['frame.number <= 20', (r) => timeline.rows.columns.packet(r) <= 20],
  ['apns.number in {3..9}', (r) => r >= 2 && r <= 8],
  ['apns.command == message', (r) => timeline.message(r).command === 'message'],
  ['apns.topic == com.apple.madrid', (r) => timeline.topicName(r) === 'com.apple.madrid'],
  ['apns.info contains "ok"', (r) => timeline.message(r).info.includes('ok')],
  [
    'apns.message.priority',
    (r) => timeline.message(r).command === 'message' && timeline.message(r).fields.some((f) => f.name === 'priority'),
  ],
  [
    'apns.payload contains "aps"',
    (r) => timeline.message(r).fields.some((f) => f.payload !== undefined && Buffer.from(f.payload).includes('aps')),
  ],
];

type Tree = number | { op: '&&' | '||' | 'xor'; left: Tree; right: Tree } | { op: '!'; of: Tree };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.integer({ min: 0, max: TERMS.length - 1 }),
    fc.record({ op: fc.constantFrom<'&&' | '||' | 'xor'>('&&', '||', 'xor'), left: tie('tree'), right: tie('tree') }),
    fc.record({ op: fc.constant<'!'>('!'), of: tie('tree') }),
  ),
}));

const text = (t: Tree): string =>
  typeof t === 'number' ? TERMS[t][0] : t.op === '!' ? `!(${text(t.of)})` : `(${text(t.left)} ${t.op} ${text(t.right)})`;

function holds(t: Tree, row: number): boolean {
  if (typeof t === 'number') return TERMS[t][1](row);
  if (t.op === '!') return !holds(t.of, row);
  const [a, b] = [holds(t.left, row), holds(t.right, row)];
  return t.op === '&&' ? a && b : t.op === '||' ? a || b : a !== b;
}

describe('filter results', () => {
  it('are those of asking row by row, for any combination of terms', () => {
    fc.assert(
      fc.property(tree, (t) => {
        const expected = Array.from({ length: timeline.length }, (_, row) => row).filter((row) => holds(t, row));
        expect(rows(text(t))).toEqual(expected);
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });

  it('are the same when asked in slices', () => {
    const filter = compileFilter('apns.status || apns.payload contains "aps"');
    const sliced: number[] = [];
    for (let at = 0; at < timeline.length; at += 7) sliced.push(...filter.select(timeline, at, Math.min(timeline.length, at + 7)));
    expect(sliced).toEqual([...filter.select(timeline, 0, timeline.length)]);
  });

  it.each([
    ['a missing field is false, for != too', 'apns.connect.carrier != "x"', 3],
    ['and for its negation it is true', '!(apns.connect.carrier == "WiFi")', 52],
    ['== asks for any value, != for all', 'apns.filter.enabled == com.apple.ess', 1],
    ['logic binds not, and, xor, or', 'apns.status == 0 or apns.status == 3 and apns.direction == s2c', 14],
    ['words and signs are the same', 'apns.status eq 0 || apns.status == 3 && apns.direction == "s2c"', 14],
    ['slices count from both ends', 'apns.topic[-6:] == "madrid"', 7],
    ['functions apply to text', 'upper(apns.connect.carrier) == "WIFI"', 1],
    ['spans of time have units', 'frame.time_relative < 50ms', 4],
    ['bytes may be written with colons', 'apns.token == 40:47:4e:55', 12],
  ])('%s', (_, filter, matches) => {
    expect(rows(filter).length).toBe(matches);
  });
});
