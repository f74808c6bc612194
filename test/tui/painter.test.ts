import xterm from '@xterm/headless';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BOLD, Canvas, INVERSE, style, UNDERLINE } from '../../src/tui/canvas.ts';
import { Painter } from '../../src/tui/painter.ts';

const WIDTH = 40;
const HEIGHT = 6;

async function shown(term: xterm.Terminal): Promise<string[]> {
  await new Promise<void>((resolve) => term.write('', resolve));
  return Array.from({ length: HEIGHT }, (_, y) => term.buffer.active.getLine(y)?.translateToString(false) ?? '');
}

test('a picture that did not change writes nothing', () => {
  const painter = new Painter(false);
  const canvas = new Canvas(WIDTH, HEIGHT);
  canvas.text(0, 0, 'hello');
  expect(painter.paint(canvas)).toContain('hello');
  expect(painter.paint(canvas)).toBe('');
  painter.forget();
  expect(painter.paint(canvas)).toContain('hello');
});

test('only what differs is written, with the cursor put there', () => {
  const painter = new Painter(false);
  const canvas = new Canvas(WIDTH, HEIGHT);
  canvas.text(0, 2, 'one two');
  painter.paint(canvas);
  canvas.text(4, 2, 'six');
  expect(painter.paint(canvas)).toBe('\x1b[3;5H\x1b[0msix\x1b[m');
});

test('styles become SGR: sixteen colours, 256 colours, and bold for bright ones on the Linux console', () => {
  const draw = (painter: Painter, look: number): string => {
    const canvas = new Canvas(WIDTH, HEIGHT);
    canvas.text(0, 0, 'x', look);
    return painter.paint(canvas);
  };
  expect(draw(new Painter(false), style(1, 12, BOLD))).toContain('\x1b[0;1;31;104mx');
  expect(draw(new Painter(false), style(202, undefined, UNDERLINE | INVERSE))).toContain('\x1b[0;4;7;38;5;202mx');
  expect(draw(new Painter(true), style(9, 12))).toContain('\x1b[0;1;31;44mx');
});

const WORDS = ['plain', '漢字', 'e\u0301', 'ab漢', '│──│', 'x\u0302y', '…', '한국어', '   ', '🚀', 'zzz'];
const step = fc.record({
  x: fc.integer({ min: -3, max: WIDTH }),
  y: fc.integer({ min: 0, max: HEIGHT - 1 }),
  word: fc.constantFrom(...WORDS),
  green: fc.boolean(),
  clear: fc.integer({ min: 0, max: 9 }),
  paint: fc.boolean(),
});

test('pictures one after the other leave the terminal as the last canvas, wide characters and marks included', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const term = new xterm.Terminal({ cols: WIDTH, rows: HEIGHT, allowProposedApi: true });
      const { Unicode11Addon } = (await import('@xterm/addon-unicode11')).default;
      term.loadAddon(new Unicode11Addon());
      term.unicode.activeVersion = '11';
      const painter = new Painter(false);
      const canvas = new Canvas(WIDTH, HEIGHT);
      for (const { x, y, word, green, clear, paint } of steps) {
        if (clear === 0) canvas.clear();
        canvas.text(x, y, word, green ? style(2) : undefined);
        if (paint) term.write(painter.paint(canvas));
      }
      term.write(painter.paint(canvas));
      expect(await shown(term)).toEqual(canvas.lines());
      term.dispose();
    }),
    { seed: 20261121, numRuns: 60 },
  );
});
