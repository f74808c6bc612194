/**
 * The terminal, through blessed: the only file that knows it. Blessed's program parses keys and mouse; its terminfo, screens and
 * widgets are not used: they take longer to load than everything else, misread the terminfo of today's ncurses and know neither
 * today's widths nor SGR mouse. What is written is xterm's, which every terminal since understands.
 */
import createProgram from 'blessed/lib/program.js';
import { printable } from '../core/text.ts';
import type { Canvas } from './canvas.ts';
import { Painter } from './painter.ts';

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
  /** Runs another program on the terminal, synchronously, and comes back. */
  lend<T>(work: () => T): T;
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

/** Alternate screen, application keypad, no cursor. */
const ENTER = '\x1b[?1049h\x1b[?1h\x1b=\x1b[?25l\x1b[2J\x1b[H';
const LEAVE = '\x1b[m\x1b[?1l\x1b>\x1b[?25h\x1b[?1049l';

/** Opens the terminal for drawing. */
export function openTerminal(options: TerminalOptions, events: TerminalEvents): Terminal {
  const { output, input } = options;
  const console = process.env['TERM'] === 'linux';
  // Blessed would run `tmux -V` for a workaround that nothing here needs.
  const { TMUX } = process.env;
  delete process.env['TMUX'];
  const program = createProgram({ input, output, tput: false, terminal: 'xterm-256color' });
  if (TMUX !== undefined) process.env['TMUX'] = TMUX;
  const painter = new Painter(console);
  let mouse = options.mouse;
  let closed = false;
  let suspended = false;

  program.on('keypress', (char: string | undefined, key: Key | undefined) => {
    const name = keyOf(char, key);
    if (name !== undefined) events.key(name, char !== undefined && char >= ' ' && char !== '\x7f' && key?.meta !== true ? char : undefined);
  });
  let lastClick = { x: -1, y: -1, time: 0 };
  program.on('mouse', (data: { action: string; x: number; y: number; button?: string }) => {
    if (!mouse) return;
    if (data.action === 'wheelup') events.mouse('wheel-up', data.x, data.y);
    else if (data.action === 'wheeldown') events.mouse('wheel-down', data.x, data.y);
    else if (data.action === 'mousedown' && data.button === 'left') {
      const now = Date.now();
      const again = data.x === lastClick.x && data.y === lastClick.y && now - lastClick.time < DOUBLE_MS;
      lastClick = { x: data.x, y: data.y, time: again ? 0 : now };
      events.mouse(again ? 'double' : 'click', data.x, data.y);
    }
  });
  const enter = (): void => {
    output.write(`${ENTER}${mouse ? MOUSE_ON : ''}`);
    painter.forget();
  };
  /** The Linux console has no alternate screen: ours is wiped. */
  const leave = (): void => {
    output.write(`${MOUSE_OFF}${console ? '\x1b[2J\x1b[H' : ''}${LEAVE}`);
  };
  output.write(`\x1b]0;${printable(options.title)}\x07`);
  enter();

  let resized = false;
  /** Also when the size is the same again: whoever made the terminal small and large before we looked has lost the picture. */
  const onResize = (): void => {
    if (resized) return;
    resized = true;
    // The stream looks at its size on the same signal.
    setImmediate(() => {
      resized = false;
      painter.forget();
      if (!suspended && !closed) events.resize(output.columns || 1, output.rows || 1);
    });
  };
  process.on('SIGWINCH', onResize);

  const restore = (): void => {
    if (closed) return;
    closed = true;
    if (!suspended) leave();
    process.off('SIGWINCH', onResize);
    program.destroy();
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    for (const [signal, handler] of signals) process.off(signal, handler);
    process.off('exit', restore);
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onException);
  };
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
  // Exceptions and rejections end on a restored screen, with our report.
  const onException = (error: unknown): void => {
    restore();
    events.failed(error);
  };
  process.on('exit', restore);
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onException);
  const suspend = (): void => {
    if (closed || suspended) return;
    suspended = true;
    leave();
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    // Nothing else keeps the process alive while the keyboard is let go.
    const awake = setInterval(() => undefined, 1000);
    process.once('SIGCONT', () => {
      clearInterval(awake);
      resume();
    });
    // Written bytes must be out before the process stands still.
    setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 20);
  };
  const resume = (): void => {
    suspended = false;
    if (input.isTTY) input.setRawMode(true);
    input.resume();
    enter();
    events.resize(output.columns || 1, output.rows || 1);
  };
  process.on('SIGTSTP', suspend);
  signals.push(['SIGTSTP', suspend]);

  return {
    get width() {
      return output.columns || 1;
    },
    get height() {
      return output.rows || 1;
    },
    get pending() {
      return output.writableLength;
    },
    show(canvas) {
      if (closed || suspended || canvas.width !== this.width || canvas.height !== this.height) return;
      const bytes = painter.paint(canvas);
      if (bytes !== '') output.write(bytes);
    },
    redraw() {
      painter.forget();
    },
    mouse(on) {
      mouse = on;
      output.write(on ? MOUSE_ON : MOUSE_OFF);
    },
    copy(text) {
      const data = Buffer.from(text, 'utf8').toString('base64');
      output.write(`\x1b]52;c;${data}\x07`);
    },
    lend(work) {
      suspended = true;
      leave();
      if (input.isTTY) input.setRawMode(false);
      input.pause();
      try {
        return work();
      } finally {
        resume();
      }
    },
    suspend,
    close: restore,
  };
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
