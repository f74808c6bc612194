import { describe, expect, it } from 'vitest';
import { displayWidth, isNarrow, pointWidth } from '../../src/view/text-width.ts';

describe('the width of text on a terminal', () => {
  it.each([
    ['', 0],
    ['plain text', 10],
    ['“quoted” — … → ─', 16],
    ['日本語', 6],
    ['한국어', 6],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['نص', 2],
    ['\u{1f600}', 2],
    ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 2],
    ['\u{1f44d}\u{1f3fd}', 2],
    ['\u{1f1e9}\u{1f1ea}', 2],
    ['1\ufe0f\u20e3', 2],
    ['a\u{1f468}\u200d\u{1f469}\u200d\u{1f467}b', 4],
    ['a\u200db', 2],
  ])('of %j is %i', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  it('is the length for text that is narrow', () => {
    for (const text of ['abc', 'äöü', '→ ─ …']) expect([isNarrow(text), displayWidth(text)]).toEqual([true, text.length]);
    expect(isNarrow('日')).toBe(false);
  });

  it('counts control characters and marks as nothing', () => {
    expect([0x07, 0x9b, 0x301, 0x200b, 0x41, 0x65e5].map(pointWidth)).toEqual([0, 0, 0, 0, 1, 2]);
  });
});
