/**
 * The terminal, through blessed: the only file that knows it. Blessed keeps the two screens and writes what differs; parsing of
 * keys and mouse is its too. Its widgets are not used: cells come from our canvas, so no text is ever taken for markup.
 *
 * Blessed 0.1.81 needs help in seven places, marked [1] to [7].
 */
import blessed from 'blessed';
import type { Canvas } from './canvas.ts';
import { pointWidth } from './width.ts';

export interface TerminalEvents {
  /** `key` as in the key table; `char` is what was typed, when it was a character. */
  key(key: string, char: string | undefined): void;
  mouse(action: 'click' | 'double' | 'wheel-up' | 'wheel-down', x: number, y: number): void;
  resize(width: number, height: number): void;
  /** The process was asked to end; the terminal is restored already. */
  signal(code: number): void;
  /** Something failed that nobody caught; the terminal is restored already. */
  failed(error: unknown): void;
}

export interface Terminal {
  readonly width: number;
  readonly height: number;
  /** Shows a picture: only cells that differ from what is on the screen are written. */
  show(canvas: Canvas): void;
  /** Draws everything anew at the next `show`. */
  redraw(): void;
  mouse(on: boolean): void;
  /** Puts text on the clipboard of the terminal (OSC 52). */
  copy(text: string): void;
  suspend(): void;
  /** Bytes that the terminal has not taken yet. */
  readonly pending: number;
  close(): void;
}

export interface TerminalOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly title: string;
  readonly mouse: boolean;
}

interface Line extends Array<[number, string]> {
  dirty: boolean;
}

/** What we use of blessed that its types do not tell. */
interface Internals {
  readonly Tput: { ipaths: string[] };
  readonly colors: { _cache: Record<string, number> };
  readonly unicode: { charWidth(text: string | number, at?: number): number };
}

interface Program {
  readonly input: NodeJS.ReadStream;
  on(event: string, listener: (...args: never[]) => void): void;
  flush(): void;
  setMouse(modes: Record<string, boolean>, on: boolean): void;
  disableMouse(): void;
}

interface RawScreen {
  readonly program: Program;
  readonly lines: Line[];
  readonly width: number;
  readonly height: number;
  readonly tput: { unicode: boolean; brokenACS: boolean };
  draw(start: number, end: number): void;
  realloc(): void;
  on(event: string, listener: () => void): void;
  destroy(): void;
  readonly cols: number;
  readonly rows: number;
}

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
  readonly sequence?: string;
}

const MOUSE_ON = '\x1b[?1000h\x1b[?1002h\x1b[?1006h';
const MOUSE_OFF = '\x1b[?1006l\x1b[?1002l\x1b[?1000l';
/** Two clicks on a cell within this time are a double click. */
const DOUBLE_MS = 400;

/** Opens the terminal for drawing. */
export function openTerminal(options: TerminalOptions, events: TerminalEvents): Terminal {
  const raw = blessed as unknown as Internals & typeof blessed;
  // [1] Blessed misreads the terminfo entries of today's ncurses: it keeps to the entry that it brings along.
  raw.Tput.ipaths.length = 0;
  // [2] Its cache of colours is filled before the number of colours is known.
  for (const key of Object.keys(raw.colors._cache)) delete raw.colors._cache[key];
  // [3] Its table of widths is from before emoji were wide.
  raw.unicode.charWidth = (text, at = 0) => {
    const point = typeof text === 'number' ? text : (text.codePointAt(at) ?? 0);
    return point === 0 ? 0 : pointWidth(point);
  };
  const screen = blessed.screen({
    input: options.input,
    output: options.output,
    fullUnicode: true,
    forceUnicode: true,
    smartCSR: false,
    warnings: false,
    terminal: process.env['TERM'] === 'linux' ? 'linux' : 'xterm-256color',
    title: options.title,
  }) as unknown as RawScreen;
  // [4] Real box characters instead of the alternate character set, which shows as "lqqk" where it is not understood.
  screen.tput.brokenACS = true;
  const { program } = screen;
  const { output, input } = options;
  let mouse = options.mouse;
  let shown: Canvas | undefined;
  let closed = false;
  let suspended = false;

  program.on('keypress', ((char: string | undefined, key: Key | undefined) => {
    const name = keyOf(char, key);
    if (name !== undefined) events.key(name, char !== undefined && char >= ' ' && char !== '\x7f' && key?.meta !== true ? char : undefined);
  }) as never);
  let lastClick = { x: -1, y: -1, time: 0 };
  program.on('mouse', ((data: { action: string; x: number; y: number; button?: string }) => {
    if (!mouse) return;
    if (data.action === 'wheelup') events.mouse('wheel-up', data.x, data.y);
    else if (data.action === 'wheeldown') events.mouse('wheel-down', data.x, data.y);
    else if (data.action === 'mousedown' && data.button === 'left') {
      const now = Date.now();
      const again = data.x === lastClick.x && data.y === lastClick.y && now - lastClick.time < DOUBLE_MS;
      lastClick = { x: data.x, y: data.y, time: again ? 0 : now };
      events.mouse(again ? 'double' : 'click', data.x, data.y);
    }
  }) as never);
  // [5] Blessed asks for the mouse mode whose coordinates end at column 95; terminals of today speak SGR.
  if (mouse) output.write(MOUSE_ON);

  screen.on('resize', () => {
    shown = undefined;
    if (!suspended) events.resize(screen.cols, screen.rows);
  });

  const restore = (): void => {
    if (closed) return;
    closed = true;
    program.flush();
    if (!suspended) output.write(MOUSE_OFF);
    screen.destroy();
    program.flush();
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    for (const [signal, handler] of signals) process.off(signal, handler);
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onException);
  };
  // [6] Blessed restores nothing on SIGHUP, and ends with 0 on the other signals.
  const signals = (
    [
      ['SIGHUP', 129],
      ['SIGINT', 130],
      ['SIGQUIT', 131],
      ['SIGTERM', 143],
    ] as const
  ).map(([signal, code]) => {
    const handler = (): void => {
      restore();
      events.signal(code);
    };
    process.on(signal, handler);
    return [signal, handler] as [NodeJS.Signals, () => void];
  });
  // [7] Exceptions and rejections end on a restored screen, with our report.
  const onException = (error: unknown): void => {
    restore();
    events.failed(error);
  };
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onException);
  const suspend = (): void => {
    if (closed || suspended) return;
    suspended = true;
    program.flush();
    output.write(`${MOUSE_OFF}\x1b[?1l\x1b>\x1b[?1049l\x1b[?25h`);
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    // Nothing else keeps the process alive while the keyboard is let go.
    const awake = setInterval(() => undefined, 1000);
    process.once('SIGCONT', () => {
      clearInterval(awake);
      suspended = false;
      if (input.isTTY) input.setRawMode(true);
      input.resume();
      output.write(`\x1b[?1049h\x1b[?25l\x1b[?1h\x1b=${mouse ? MOUSE_ON : ''}`);
      shown = undefined;
      screen.realloc();
      events.resize(screen.cols, screen.rows);
    });
    // Written bytes must be out before the process stands still.
    setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 20);
  };
  process.on('SIGTSTP', suspend);
  signals.push(['SIGTSTP', suspend]);

  return {
    get width() {
      return screen.cols;
    },
    get height() {
      return screen.rows;
    },
    get pending() {
      return output.writableLength;
    },
    show(canvas) {
      if (closed || suspended || canvas.width !== screen.cols || canvas.height !== screen.rows) return;
      copyCells(canvas, shown, screen.lines);
      shown = canvas;
      screen.draw(0, screen.rows - 1);
    },
    redraw() {
      shown = undefined;
      screen.realloc();
      output.write('\x1b[2J');
    },
    mouse(on) {
      mouse = on;
      output.write(on ? MOUSE_ON : MOUSE_OFF);
    },
    copy(text) {
      const data = Buffer.from(text, 'utf8').toString('base64');
      output.write(`\x1b]52;c;${data}\x07`);
    },
    suspend,
    close: restore,
  };
}

/** Puts rows that changed into blessed's screen. */
function copyCells(canvas: Canvas, before: Canvas | undefined, lines: Line[]): void {
  const { width, height, cells, styles } = canvas;
  for (let y = 0; y < height; y++) {
    const line = lines[y];
    if (line === undefined) continue;
    const start = y * width;
    if (before !== undefined) {
      let x = 0;
      while (x < width && cells[start + x] === before.cells[start + x] && styles[start + x] === before.styles[start + x]) x++;
      if (x === width) continue;
    }
    for (let x = 0; x < width; x++) {
      const cell = line[x];
      if (cell === undefined) break;
      cell[0] = styles[start + x];
      // The right half of a wide character is a blank to blessed.
      cell[1] = cells[start + x] === '' ? ' ' : cells[start + x];
    }
    line.dirty = true;
  }
}

/** The name of a key as in the key table; undefined for what is no key of ours. */
function keyOf(char: string | undefined, key: Key | undefined): string | undefined {
  const name = key?.name;
  // Blessed tells the enter key twice.
  if (name === 'enter') return undefined;
  if (name === 'return' || name === 'linefeed') return 'enter';
  if (char === '\x1f') return 'C-_';
  if (key?.meta === true && name !== undefined) return name === 'escape' ? 'escape' : `M-${key.shift === true ? name.toUpperCase() : name}`;
  if (name === 'space') return 'space';
  if (key?.ctrl === true && name !== undefined) return `C-${name}`;
  if (char !== undefined && char > ' ' && char !== '\x7f') return char;
  if (name === undefined) return undefined;
  return key?.shift === true ? `S-${name}` : name;
}
