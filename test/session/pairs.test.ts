import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionAnalysis } from '../../src/session/analysis.ts';
import { EXCHANGES } from '../../src/session/exchanges.ts';
import { OPEN_LIMIT, OpenQuestions } from '../../src/session/questions.ts';
import { type SessionRow, SessionRows } from '../support/session-rows.ts';
import { SEED } from '../support/talks.ts';

function analysed(rows: readonly SessionRow[]): SessionAnalysis {
  const analysis = new SessionAnalysis(new SessionRows(rows));
  analysis.advance(rows.length);
  analysis.finish();
  return analysis;
}

const codes = (analysis: SessionAnalysis, row: number): string[] => analysis.findings.of(row, 1).map((n) => n.code);

/** Any traffic of a few connections, with few ids so that questions and answers meet. */
const anyRows: fc.Arbitrary<SessionRow[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...EXCHANGES.flatMap((e) => [...e.ask, ...e.answer])),
    stream: fc.integer({ min: 0, max: 2 }),
    id: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    status: fc.constantFrom(-1, 0, 2),
    token: fc.constantFrom(0, 7),
  }),
  { maxLength: 60 },
) as fc.Arbitrary<SessionRow[]>;

describe('pairs', () => {
  it('join a question with one later answer of the other direction on the same connection, and both point at each other', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const { pairs, columns } = analysed(rows);
        for (let row = 0; row < rows.length; row++) {
          const partner = pairs.of(row);
          if (partner < 0) continue;
          expect(pairs.of(partner)).toBe(row);
          expect(columns.stream(partner)).toBe(columns.stream(row));
          expect(columns.dir(partner)).not.toBe(columns.dir(row));
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('are the same when rows come one by one as when all are there', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const whole = analysed(rows);
        const slow = new SessionAnalysis(new SessionRows(rows));
        for (let to = 1; to <= rows.length; to++) slow.advance(to);
        slow.finish();
        const tell = (a: SessionAnalysis): unknown => rows.map((_, row) => [a.pairs.of(row), codes(a, row)]);
        expect(tell(slow)).toEqual(tell(whole));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('go by id for pushes, whatever the order of the acknowledgements', () => {
    const rows: SessionRow[] = [
      { kind: 'courier s2c message', id: 1 },
      { kind: 'courier s2c message', id: 2 },
      { kind: 'courier c2s message_ack', id: 2 },
      { kind: 'courier c2s message_ack', id: 1 },
    ];
    const { pairs } = analysed(rows);
    expect([0, 1, 2, 3].map((row) => pairs.of(row))).toEqual([3, 2, 1, 0]);
  });

  it('go in order for acknowledgements of the server without an id', () => {
    const { pairs } = analysed([
      { kind: 'courier c2s message', id: 5 },
      { kind: 'courier c2s message', id: 6 },
      { kind: 'courier s2c message_ack' },
      { kind: 'courier s2c message_ack' },
    ]);
    expect([0, 1].map((row) => pairs.of(row))).toEqual([2, 3]);
  });

  it('do not cross connections', () => {
    const { pairs } = analysed([
      { kind: 'http2 c2s push', id: 1, stream: 0 },
      { kind: 'http2 s2c response', id: 1, stream: 1, status: 200 },
    ]);
    expect(pairs.count).toBe(0);
  });

  it('leave nothing open behind a hole: absence proves nothing there', () => {
    const hole = { kind: 'tls c2s clientHello' } as SessionRow;
    const rows: SessionRow[] = [
      { kind: 'courier c2s connect', id: 0 },
      { kind: 'courier s2c connect_response', status: 0 },
      { kind: 'courier s2c message', id: 1 },
      hole,
      { kind: 'courier c2s keep_alive', sec: 1_795_290_000 },
    ];
    const source = new SessionRows(rows);
    const { type } = source.columns;
    // Type 0x0001 is a gap of the capture.
    Object.assign(source.columns, { type: (row: number) => (row === 3 ? 1 : type(row)) });
    const analysis = new SessionAnalysis(source);
    analysis.advance(rows.length);
    analysis.finish();
    expect(analysis.findings.count).toBe(0);
  });
});

describe('open questions', () => {
  it('drop the oldest beyond their limit and say so', () => {
    const open = new OpenQuestions('id');
    for (let i = 0; i <= OPEN_LIMIT; i++) open.ask(i, i);
    expect(open.size).toBe(OPEN_LIMIT);
    expect(open.dropped).toBe(true);
    expect(open.answer(0)).toBe(-1);
    expect(open.answer(1)).toBe(1);
  });
});
