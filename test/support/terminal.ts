/** The real program in a pseudo-terminal, read back as a screen. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Longest time that anything on the screen is waited for; machines that run all tests at once are slow. */
const LIMIT_MS = 30_000;
const POLL_MS = 10;

interface Pty {
  onData(listener: (data: string) => void): void;
  onExit(listener: (event: { exitCode: number; signal?: number }) => void): void;
  write(data: string): void;
  resize(cols: number, rows: number): void;
  kill(signal?: string): void;
  readonly pid: number;
}

type Spawn = (file: string, args: string[], options: object) => Pty;

function load(): { spawn: Spawn } | undefined {
  try {
    return require('@lydell/node-pty') as { spawn: Spawn };
  } catch {
    return undefined;
  }
}

const pty = load();

/** Why the program cannot be run in a pseudo-terminal here; undefined when it can. */
export const noPty = pty === undefined ? 'no pseudo-terminal: @lydell/node-pty cannot be loaded' : undefined;

export const hasTmux = ((): boolean => {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let built: Promise<string> | undefined;

/** Bundles the program once for a test file, so that each start is quick. Returns the script. */
export function program(): Promise<string> {
  built ??= (async () => {
    const out = join(ROOT, 'node_modules', '.cache', `tui-test-${process.pid}`);
    mkdirSync(out, { recursive: true });
    process.on('exit', () => rmSync(out, { recursive: true, force: true }));
    await build({
      entryPoints: { main: join(ROOT, 'src/main.ts') },
      outdir: out,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
      logLevel: 'error',
    });
    return join(out, 'main.js');
  })();
  return built;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly foreground: number;
  readonly background: number;
  readonly bold: boolean;
  readonly inverse: boolean;
}

interface Buffer {
  readonly type: string;
  readonly baseY: number;
  getLine(y: number): { translateToString(trim: boolean): string; getCell(x: number): XtermCell | undefined } | undefined;
}

interface XtermCell {
  getChars(): string;
  getWidth(): number;
  getFgColor(): number;
  getBgColor(): number;
  isBold(): number;
  isInverse(): number;
  isFgDefault(): boolean;
  isBgDefault(): boolean;
}

interface Xterm {
  readonly rows: number;
  write(data: string, done?: () => void): void;
  resize(cols: number, rows: number): void;
  readonly buffer: { readonly active: Buffer };
  readonly modes: { readonly mouseTrackingMode: string; readonly showCursor?: boolean };
  readonly unicode: { activeVersion: string };
  loadAddon(addon: object): void;
}

export interface RunOptions {
  readonly cols?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another program than ours, for a shell around it. */
  readonly command?: string;
}

export class TerminalRun {
  readonly home: string;
  exitCode: number | undefined;
  signal: number | undefined;
  /** Everything that was written to the terminal. */
  output = '';
  /** Called with everything that is written, as it comes. */
  listener: ((data: string) => void) | undefined;
  private readonly child: Pty;
  private readonly term: Xterm;

  constructor(command: string, args: string[], options: RunOptions = {}) {
    const { cols = 80, rows = 24 } = options;
    this.home = mkdtempSync(join(tmpdir(), 'tui-'));
    const { Terminal } = require('@xterm/headless') as { Terminal: new (o: object) => Xterm };
    const { Unicode11Addon } = require('@xterm/addon-unicode11') as { Unicode11Addon: new () => object };
    this.term = new Terminal({ cols, rows, allowProposedApi: true });
    this.term.loadAddon(new Unicode11Addon());
    this.term.unicode.activeVersion = '11';
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.home, LANG: 'C.UTF-8', TERM: 'xterm-256color', TZ: 'UTC', ...options.env };
    this.child = (pty as { spawn: Spawn }).spawn(command, args, { name: env.TERM, cols, rows, cwd: options.cwd ?? this.home, env });
    this.child.onData((data) => {
      this.output += data;
      this.term.write(data);
      this.listener?.(data);
    });
    this.child.onExit(({ exitCode, signal }) => {
      this.exitCode = exitCode;
      this.signal = signal;
    });
  }

  get pid(): number {
    return this.child.pid;
  }

  send(keys: string): void {
    this.child.write(keys);
  }

  resize(cols: number, rows: number): void {
    this.term.resize(cols, rows);
    this.child.resize(cols, rows);
  }

  lines(): string[] {
    const { active } = this.term.buffer;
    const lines: string[] = [];
    for (let y = 0; y < this.term.rows; y++) lines.push(active.getLine(active.baseY + y)?.translateToString(false) ?? '');
    return lines;
  }

  text(): string {
    return this.lines().join('\n');
  }

  cell(x: number, y: number): Cell {
    const c = this.term.buffer.active.getLine(this.term.buffer.active.baseY + y)?.getCell(x) as XtermCell;
    return {
      text: c.getChars(),
      width: c.getWidth(),
      foreground: c.isFgDefault() ? -1 : c.getFgColor(),
      background: c.isBgDefault() ? -1 : c.getBgColor(),
      bold: c.isBold() !== 0,
      inverse: c.isInverse() !== 0,
    };
  }

  /** "alternate" while a full-screen program runs. */
  get buffer(): string {
    return this.term.buffer.active.type;
  }

  get mouseMode(): string {
    return this.term.modes.mouseTrackingMode;
  }

  /** The cursor is visible: what was said last about it. */
  get cursorVisible(): boolean {
    return this.output.lastIndexOf('\x1b[?25h') >= this.output.lastIndexOf('\x1b[?25l');
  }

  /** Waits until the screen holds a text (or a test is true); fails with the screen. */
  async until(what: string | RegExp | (() => boolean)): Promise<void> {
    const test =
      typeof what === 'string'
        ? (): boolean => this.text().includes(what)
        : what instanceof RegExp
          ? (): boolean => what.test(this.text())
          : what;
    const end = Date.now() + LIMIT_MS;
    while (!test()) {
      if (Date.now() > end)
        throw new Error(
          `not seen in time: ${String(what)}\nexit ${this.exitCode}\n${this.text()}\n${JSON.stringify(this.output.slice(-2000))}`,
        );
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async ended(): Promise<number> {
    await this.until(() => this.exitCode !== undefined);
    // What was written before the end may still be on its way into the emulator.
    await new Promise<void>((resolve) => this.term.write('', resolve));
    return this.exitCode as number;
  }

  /** Ends the child and removes its home. */
  close(): void {
    if (this.exitCode === undefined) {
      try {
        this.child.kill('SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    }
    if (existsSync(this.home)) rmSync(this.home, { recursive: true, force: true });
  }
}

/** Starts our program in a pseudo-terminal. */
export async function run(args: string[], options: RunOptions = {}): Promise<TerminalRun> {
  return new TerminalRun(process.execPath, [await program(), ...args], options);
}
