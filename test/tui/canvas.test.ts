import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../src/core/text.ts';
import { BOLD, Canvas, layered, style } from '../../src/tui/canvas.ts';
import { parseStyle } from '../../src/tui/theme.ts';
import { cut, padded, textWidth } from '../../src/tui/width.ts';

const SEED = 20261121;

test('East Asian wide characters and emoji take two columns, combining marks none', () => {
  expect(textWidth('列表')).toBe(4);
  expect(textWidth('🚀')).toBe(2);
  expect(textWidth('é')).toBe(1);
  expect(textWidth('e\u0301')).toBe(1);
  expect(textWidth('→ ▶')).toBe(3);
});

test('texts are cut and filled to exact widths', () => {
  expect(cut('列表列表', 5)).toBe('列表…');
  expect(padded('列', 4)).toBe('列  ');
  expect(padded('ab', 4, 'right')).toBe('  ab');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      expect(textWidth(padded(printable(text), width))).toBe(width);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('whatever is drawn where, every line stays as wide as the canvas, with no control character in it', () => {
  const draws = fc.array(
    fc.record({ x: fc.integer({ min: -3, max: 22 }), y: fc.integer({ min: -1, max: 5 }), text: fc.string({ unit: 'grapheme' }) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(draws, (all) => {
      const canvas = new Canvas(20, 4);
      for (const { x, y, text } of all) canvas.text(x, y, printable(text));
      for (const line of canvas.lines()) {
        expect(textWidth(line)).toBe(20);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('half of a wide character that is written over becomes a blank', () => {
  const canvas = new Canvas(6, 1);
  canvas.text(0, 0, '列表');
  canvas.text(1, 0, 'x');
  expect(canvas.lines()[0]).toBe(' x表  ');
  canvas.text(2, 0, 'y');
  expect(canvas.lines()[0]).toBe(' xy   ');
});

test('a wide character that would stand in the last column is left out', () => {
  const canvas = new Canvas(3, 1);
  canvas.text(0, 0, '列表');
  expect(canvas.lines()[0]).toBe('列 ');
});

test('styles are layered: colours replace, attributes add up', () => {
  expect(layered(style(1, 2), style(undefined, 4, BOLD))).toBe(style(1, 4, BOLD));
  expect(parseStyle('white on red bold')).toBe(style(7, 1, BOLD));
  expect(parseStyle('202')).toBe(style(202));
  expect(parseStyle('blinking')).toBeUndefined();
});
