/**
 * Speed of the terminal UI in a real pseudo-terminal at 200x50, as a table with the goals. `npx tsx bench/tui.ts [CAPTURE]`; without one
 * the bench's capture of 1 GB and 1.5 million messages is made. Times on the wall are those of this machine as it is now; processor
 * time is beside them.
 */

import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TerminalRun } from '../test/support/terminal.ts';
import { capture } from './generate.ts';
import { peakMemory, sample } from './measure.ts';

const file = process.argv[2] === undefined ? capture('p1000').path : resolve(process.argv[2]);
const COLS = 200;
const ROWS = 50;
/** Clock ticks a second of /proc. */
const TICKS = 100;
const KEYS = 200;

/** Milliseconds of processor time of a process so far. */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

/** Resident memory in megabytes: now and at most. */
function memory(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { now: read('VmRSS'), most: read('VmHWM') };
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Time until something is written after `act`. */
function latency(t: TerminalRun, act: () => void): Promise<number> {
  return new Promise((done) => {
    const start = performance.now();
    t.listener = () => {
      t.listener = undefined;
      done(performance.now() - start);
    };
    act();
  });
}

/** Until nothing was written for `quiet` milliseconds; the time of the last write. */
async function settled(t: TerminalRun, quiet: number): Promise<number> {
  let last = performance.now();
  t.listener = () => {
    last = performance.now();
  };
  while (performance.now() - last < quiet) await pause(5);
  t.listener = undefined;
  return last;
}

/** One line of the table; `met` undefined: there is no goal. */
function report(what: string, value: string, goal = '', met?: boolean): void {
  process.stdout.write(
    `${what.padEnd(56)} ${value.padStart(26)}   ${goal.padEnd(20)} ${met === undefined ? '' : met ? 'met' : 'MISSED'}\n`,
  );
}

const script = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (!existsSync(script)) {
  process.stderr.write('dist/ is missing: run npm run build first\n');
  process.exit(2);
}
const node = [process.execPath, '-e', '0'];
const bare = Math.min(sample(node).cpu, sample(node).cpu, sample(node).cpu) * 1000;
// The index without the terminal UI; the file is in the page cache afterwards.
const index = peakMemory([process.execPath, script, 'stats', '--index-only', file]);

report('load of the machine, processors', `${loadavg()[0].toFixed(1)}, ${cpus().length}`);
const start = performance.now();
const t = new TerminalRun(process.execPath, [script, file], { cols: COLS, rows: ROWS });
await t.until(/Timeline ─+ 1\//);
const first = performance.now() - start;
const firstCpu = cpu(t.pid);
report('first screen with messages: wall', `${first.toFixed(0)} ms`, 'at most 500 ms', first <= 500);
report('first screen with messages: CPU', `${firstCpu.toFixed(0)} ms`, `node -e 0: ${bare.toFixed(0)} ms`);
await t.until(() => !/ETA|░/.test(t.lines()[0]));
report('everything read', `${((performance.now() - start) / 1000).toFixed(1)} s`);
report('messages', /([\d,]+) msgs/.exec(t.text())?.[1] ?? '?');
await settled(t, 1000);

for (const [name, key] of [
  ['one line down', 'j'],
  ['one page down', '\x06'],
] as const) {
  const times: number[] = [];
  const before = cpu(t.pid);
  for (let i = 0; i < KEYS; i++) {
    times.push(await latency(t, () => t.send(key)));
    await pause(30);
  }
  const each = (cpu(t.pid) - before) / KEYS;
  times.sort((a, b) => a - b);
  const [median, late] = [times[KEYS >> 1], times[Math.floor(KEYS * 0.95)]];
  report(
    `key to screen, ${name}: median, 95 %, CPU`,
    `${median.toFixed(1)} / ${late.toFixed(1)} / ${each.toFixed(1)} ms`,
    'at most 16 / 40 ms',
    median <= 16 && late <= 40,
  );
}

{
  await settled(t, 500);
  const before = cpu(t.pid);
  const bytes = t.output.length;
  t.send('j'.repeat(2000));
  await settled(t, 500);
  const used = cpu(t.pid) - before;
  const written = (t.output.length - bytes) / 1024;
  report('2,000 queued keys: CPU', `${used.toFixed(0)} ms`, 'at most 100 ms', used <= 100);
  report('2,000 queued keys: output', `${written.toFixed(1)} KiB`, 'at most 64 KiB', written <= 64);
}

for (const filter of [
  'apns.size > 400 && apns.direction == s2c && tcp.stream < 1000 && apns.dialect == "courier"',
  'apns.status == 0 || apns.size > 1500 || tcp.stream == 7 || frame.number < 5000',
]) {
  t.send('g/\x15');
  await t.until('⏎ apply');
  t.send(filter);
  await settled(t, 300);
  const before = cpu(t.pid);
  const from = performance.now();
  t.send('\r');
  // The emulator takes what was written a moment after it came.
  while (!/[1-9][\d,]* of [\d,]+/.test(t.lines()[1])) await pause(2);
  const seen = performance.now() - from;
  await t.until(() => !t.text().includes('scanning') && / of [\d,]+ *$/m.test(t.lines()[1]));
  const done = performance.now() - from;
  await settled(t, 200);
  const hits = /([\d,]+) of/.exec(t.lines()[1])?.[1];
  report(
    `four terms, ${hits} hits: first, last, CPU`,
    `${seen.toFixed(0)} / ${done.toFixed(0)} / ${(cpu(t.pid) - before).toFixed(0)} ms`,
    'at most 50 / 300 ms',
    seen <= 50 && done <= 300,
  );
}

const tui = memory(t.pid);
report('memory: terminal UI at most', `${tui.most.toFixed(0)} MB`);
report('memory: index alone at most', `${index.toFixed(0)} MB`);
report('memory above the index', `${(tui.most - index).toFixed(0)} MB`, 'at most 60 MB', tui.most - index <= 60);
t.send('Q');
await t.ended();
t.close();
process.exit(0);
