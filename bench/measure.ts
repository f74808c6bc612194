import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Output } from './workloads.ts';

/** Bytes of output that a check gets to see. */
const HEAD = 64 * 1024;

/** Seconds of one run: processor time of the program and all it started, and the clock on the wall. */
export interface Sample {
  readonly cpu: number;
  readonly wall: number;
}

/** Whether a program can be started here. */
export function installed(program: string): boolean {
  return spawnSync('bash', ['-c', 'command -v -- "$1" >/dev/null', 'bash', program]).status === 0;
}

/** Runs a program once with its output thrown away. Throws when it fails. */
export function sample(argv: readonly string[]): Sample {
  // The shell's own `time` reads the usage of its children, to the millisecond.
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%3U %3S %3R"; time "$@" >/dev/null 2>&1', 'bash', ...argv], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${argv.join(' ')} ended with ${run.status ?? run.signal}`);
  const [user, system, wall] = run.stderr.trim().split(/\s+/).slice(-3).map(Number);
  return { cpu: user + system, wall };
}

/** Runs a program and looks at what it writes. */
export function outputOf(argv: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    let head = '';
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      if (head.length < HEAD) head += chunk.toString('utf8').slice(0, HEAD - head.length);
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve({ head, lines }) : reject(new Error(`${argv.join(' ')} ended with ${code}`))));
  });
}

/** Peak resident memory of a Node program in MB, as the kernel counts it. */
export function peakMemory(argv: readonly string[]): number {
  const path = join(tmpdir(), `apns-inspect-bench-${process.pid}`);
  const hook = fileURLToPath(new URL('peak-memory.mjs', import.meta.url));
  closeSync(openSync(path, 'w'));
  try {
    spawnSync(argv[0], ['--import', hook, ...argv.slice(1)], { stdio: 'ignore', env: { ...process.env, PEAK_MEMORY_FILE: path } });
    return Number(readFileSync(path, 'utf8')) / 1024;
  } finally {
    rmSync(path, { force: true });
  }
}
