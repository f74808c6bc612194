import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SESSION_NOTES } from '../../src/schema/notes/session.ts';
import { detailText } from '../../src/session/details.ts';
import { FINDING_LIMIT, Findings } from '../../src/session/findings.ts';
import { kinds } from '../../src/session/kinds.ts';
import { rowNotes } from '../../src/session/row-rules.ts';
import { capture, readAll } from '../support/captures.ts';
import { plainField, plainMessage } from '../support/session-rows.ts';

const ROOT = capture('findings');
const files = readdirSync(ROOT)
  .filter((name) => name.endsWith('.pcap'))
  .sort();

/** Every finding, pair and role of a capture as text made for a review. */
async function report(name: string): Promise<{ text: string; codes: string[] }> {
  const reading = await readAll([join(ROOT, name)]);
  const { timeline } = reading;
  const { analysis } = timeline;
  const lines: string[] = [];
  const codes: string[] = [];
  for (const { row, note } of analysis?.all() ?? []) {
    codes.push(note.code);
    const at = note.start === 0 && note.end === timeline.rows.columns.length(row) ? '' : ` [${note.start}..${note.end}]`;
    lines.push(
      `#${row + 1} ${timeline.message(row).command}: ${note.severity} ${note.code}${note.detail === undefined ? '' : ` (${note.detail})`}${at}`,
    );
  }
  for (let row = 0; row < timeline.length; row++) {
    const partner = analysis?.pair(row) ?? -1;
    if (partner > row)
      lines.push(
        `#${row + 1} ${timeline.message(row).command} - #${partner + 1} ${timeline.message(partner).command}, ${analysis?.rttNanos(row)} ns`,
      );
  }
  for (const { push, message, latency } of analysis?.deliveries() ?? [])
    lines.push(`delivery #${push + 1} - #${message + 1}, ${latency.toFixed(3)} s`);
  timeline.streams.forEach((_, stream) => {
    const roles = analysis?.roles(stream);
    lines.push(`stream ${stream}: ${roles === undefined ? 'unknown' : `${roles.client} and ${roles.server}, ${roles.state}`}`);
  });
  reading.close();
  return { text: `${lines.join('\n')}\n`, codes };
}

describe('findings', () => {
  const found = new Map<string, { text: string; codes: string[] }>();
  beforeAll(async () => {
    for (const name of files) found.set(name, await report(name));
  });

  for (const name of files) {
    it(`of ${name} are as expected`, async () => {
      await expect(found.get(name)?.text).toMatchFileSnapshot(join(ROOT, 'expected', `${name}.findings.txt`));
    });
  }

  it('are none in traffic as it should be', () => {
    expect(found.get('healthy.pcap')?.codes).toEqual([]);
  });

  it('are each shown by a capture', () => {
    const shown = new Set([...found.values()].flatMap((f) => f.codes));
    // Shown below: they need TLS, or more traffic than a capture should hold.
    const elsewhere = [
      'session.certificate-expired',
      'session.certificate-expiring',
      'session.questions-dropped',
      'session.findings-dropped',
    ];
    expect(Object.keys(SESSION_NOTES).filter((code) => !shown.has(code) && !elsewhere.includes(code))).toEqual([]);
  });

  it('name one by one the notifications that the gateway discarded', () => {
    const text = found.get('gateway.pcap')?.text ?? '';
    expect(text).toContain('#3 notification: error session.discarded (after message 2)');
    expect(text).toContain('#4 notification: note session.discarded-resent (as message 7)');
    expect(text).toContain('#6 notification: error session.discarded (after message 2)');
    expect(text).not.toMatch(/#1 notification: .*discarded/);
  });
});

describe('row rules', () => {
  const [certificate] = kinds('tls s2c certificate');
  const chain = (notBefore: string, notAfter: string): ReturnType<typeof plainMessage> =>
    plainMessage(
      [
        plainField('certificate', undefined, {
          children: [
            plainField('notBefore', notBefore, { filter: 'x509af.notBefore', at: { start: 1, end: 2 } }),
            plainField('notAfter', notAfter, { filter: 'x509af.notAfter', at: { start: 3, end: 4 } }),
          ],
        }),
      ],
      'tls',
    );
  const now = Date.parse('2026-11-21T18:00:00Z') / 1000;
  const codes = (from: string, to: string): string[] => rowNotes(certificate, chain(from, to), now).map((n) => n.code);

  it('tell certificates that expired, are not valid yet, or expire within a month', () => {
    expect(codes('2025-01-01T00:00:00Z', '2026-11-21T17:59:59Z')).toEqual(['session.certificate-expired']);
    expect(codes('2026-11-21T18:00:01Z', '2028-01-01T00:00:00Z')).toEqual(['session.certificate-expired']);
    expect(codes('2025-12-01T00:00:00Z', '2026-12-10T00:00:00Z')).toEqual(['session.certificate-expiring']);
    expect(codes('2025-12-01T00:00:00Z', '2027-01-01T00:00:00Z')).toEqual([]);
  });

  it('find nothing that depends on time in inputs without times', () => {
    expect(rowNotes(certificate, chain('2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z'), Number.NaN)).toEqual([]);
  });

  it('point at the bytes of the field', () => {
    expect(rowNotes(certificate, chain('2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z'), now)[0]).toMatchObject({ start: 3, end: 4 });
  });
});

describe('the log of findings', () => {
  it('keeps several findings of a row in the order in which they were made', () => {
    const log = new Findings();
    log.add(5, 'session.no-filter');
    log.add(3, 'session.unanswered');
    log.add(5, 'session.clock-skew', { value: 90 });
    expect(log.of(5, 40).map((n) => [n.code, n.detail, n.end])).toEqual([
      ['session.no-filter', undefined, 40],
      ['session.clock-skew', '1 min 30 s', 40],
    ]);
    expect(log.rowsWith()).toEqual([3, 5]);
    expect(log.has(4)).toBe(false);
  });

  it('keeps findings of rows that lie far apart, with nothing for the rows between them', () => {
    const log = new Findings();
    const far = [70_000, 3, 65_535, 65_536, 1 << 24];
    for (const row of far) log.add(row, 'session.unanswered', { value: row });
    log.add(65_536, 'session.no-filter');
    expect(log.rowsWith()).toEqual([...far].sort((a, b) => a - b));
    expect([65_534, 65_537, 1 << 23, 1 << 25].map((row) => log.has(row))).toEqual([false, false, false, false]);
    expect(log.of(65_536, 1).map((n) => n.code)).toEqual(['session.unanswered', 'session.no-filter']);
    expect(log.of(1 << 23, 1)).toEqual([]);
  });

  it('ends at its limit with a finding that says so', () => {
    const log = new Findings();
    for (let i = 0; i < FINDING_LIMIT + 5; i++) log.add(i, 'session.unanswered');
    expect(log.count).toBe(FINDING_LIMIT);
    expect(log.dropped).toBe(5);
    expect(log.of(FINDING_LIMIT - 1, 1).map((n) => n.code)).toEqual(['session.findings-dropped']);
  });

  it('leaves out of a detail what is not known', () => {
    expect(detailText('session.delivered', 4, Number.NaN)).toBe('message 5');
    expect(detailText('session.delivered', 4, 0.25)).toBe('message 5, 250 ms apart');
    expect(detailText('session.refused', -1, Number.NaN)).toBeUndefined();
  });
});
