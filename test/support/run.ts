import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** What a run of the program left behind. */
export interface Run {
  /** Exit code; 128 + the signal's number when a signal ended it, as shells count. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called for output as it comes. */
  readonly onOutput?: (text: string, signal: (name: NodeJS.Signals) => void) => void;
}

/** The program, bundled from the source into a directory of its own inside `node_modules`, where its packages are found. */
export class Program {
  private readonly dir = join(ROOT, `node_modules/.cache/program-${process.pid}`);

  async build(): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    await build({
      entryPoints: [join(ROOT, 'src/main.ts')],
      absWorkingDir: ROOT,
      outdir: this.dir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The command line that starts the program, for shells. */
  get command(): string {
    return `'${process.execPath}' '${join(this.dir, 'main.mjs')}'`;
  }

  /** Runs the program with these arguments. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return execute(process.execPath, [join(this.dir, 'main.mjs'), ...args], options);
  }

  /** Runs a line of shell in which `$P` is the program. */
  shell(line: string, options: RunOptions = {}): Promise<Run> {
    return execute('bash', ['-c', line.replaceAll('$P', this.command)], options);
  }
}

const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15, SIGABRT: 6, SIGSEGV: 11 };

function execute(file: string, args: readonly string[], options: RunOptions): Promise<Run> {
  return new Promise((resolve, reject) => {
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '', TZ: 'UTC', ...options.env };
    delete env['SSLKEYLOGFILE'];
    const child = spawn(file, args, { env, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      options.onOutput?.(text, (name) => child.kill(name));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    // A program that refuses its input early closes the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), out, err }));
  });
}
