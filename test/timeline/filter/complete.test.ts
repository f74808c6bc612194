import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../src/timeline/filter/complete.ts';
import { compileFilter } from '../../../src/timeline/filter/filter.ts';

/** Words offered where the bar stands. */
function offered(marked: string): readonly string[] {
  const cursor = marked.indexOf('|');
  return complete(marked.replace('|', ''), cursor).words;
}

/** The filter after the first word was taken. */
function taken(marked: string): string {
  const cursor = marked.indexOf('|');
  const text = marked.slice(0, cursor) + marked.slice(cursor + 1);
  const { start, end, words } = complete(text, cursor);
  return text.slice(0, start) + (words[0] ?? '') + text.slice(end);
}

describe('completion of a filter', () => {
  it.each([
    ['apns.sta|', 'apns.status'],
    ['!(apns.sta|', 'apns.status'],
    ['apns.id == 4 && apns.sta|', 'apns.status'],
    ['not len(apns.tok|', 'apns.token'],
    ['apns.status |', '=='],
    ['apns.token[0:4] |', '=='],
    ['len(apns.token) |', '=='],
    ['apns.status con|', 'contains'],
    ['apns.dialect == |', 'courier'],
    ['apns.dialect in {tls, |', 'gateway'],
    ['apns.dialect in {tls} |', '&&'],
    ['apns.direction == s|', 's2c'],
    ['apns.command == Connect|', 'ConnectResponse'],
    ['apns.status == 0 |', '||'],
    ['apns.status == 0 a|', 'and'],
    ['(apns.status == 0) |', '&&'],
    ['apns.status == 0 and tcp.po|', 'tcp.port'],
  ])('%s offers %s', (marked, word) => {
    expect(offered(marked)).toContain(word);
  });

  it.each(['|', 'apns.info contains "apns.sta|', 'apns.status == |', 'apns.status in |', 'nothing |', '§ apns.sta|', "apns.info == 'x|"])(
    '%s offers nothing',
    (marked) => {
      expect(offered(marked)).toEqual([]);
    },
  );

  it.each([
    ['apns.dial| == tls', 'apns.dialect == tls'],
    ['apns.di|alect == tls', 'apns.dialect == tls'],
    ['apns.command == "Notification (sim|', 'apns.command == "Notification (simple)"'],
    ['apns.command == "Notification (sim| && x', 'apns.command == "Notification (simple)" && x'],
  ])('of %s the first makes %s', (marked, whole) => {
    expect(taken(marked)).toBe(whole);
  });

  it('offers names that begin with what is typed before those that only hold it, and not one that stands there alone', () => {
    const words = offered('tcp|');
    expect(words[0].startsWith('tcp')).toBe(true);
    expect(offered('frame.time_relative|')).toEqual([]);
  });

  it('offers at most 40 words', () => {
    expect(offered('apns|')).toHaveLength(40);
  });

  it('offers only values that the language takes', () => {
    for (const field of ['apns.dialect', 'apns.command', 'apns.direction', 'apns.gateway.status', 'apns.connect_response.status'])
      for (const word of offered(`${field} == |`)) expect(() => compileFilter(`${field} == ${word}`)).not.toThrow();
  });

  it('never throws and keeps to the text', () => {
    const piece = fc.constantFrom(
      'apns.status',
      'len',
      '(',
      ')',
      '[0:2]',
      '"',
      "'",
      '==',
      'in',
      '{',
      '}',
      ',',
      '..',
      ' ',
      '&&',
      'not',
      'é',
      '\\',
      'r"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: -2, max: 60 }), (pieces, cursor) => {
        const text = pieces.join('');
        const { start, end } = complete(text, cursor);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBeLessThanOrEqual(text.length);
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
