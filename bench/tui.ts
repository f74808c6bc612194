/**
 * Speed of the terminal UI in a real pseudo-terminal at 200x50. Run with `npx tsx bench/tui.ts CAPTURE`, best with one of a
 * million messages (`bench/generate.ts`).
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { program, run, type TerminalRun } from '../test/support/terminal.ts';

const file = resolve(process.argv[2] ?? 'bench/data/p1000.pcap');
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

const report = (what: string, value: string, goal: string): void => {
  process.stdout.write(`${what.padEnd(52)} ${value.padStart(24)}   ${goal}\n`);
};

const script = await program();

// The file in the page cache, as after a first look.
for (const _ of readFileSync(file).subarray(0, 1)) break;

const start = performance.now();
const t = await run([file], { cols: COLS, rows: ROWS });
await t.until(/Timeline ─+ 1\//);
report('first screen with messages', `${(performance.now() - start).toFixed(0)} ms`, 'goal 500 ms');
await t.until(() => !/ETA|░/.test(t.lines()[0]));
report('everything read', `${((performance.now() - start) / 1000).toFixed(1)} s`, '');
const messages = /([\d,]+) msgs/.exec(t.text())?.[1] ?? '?';
report('messages', messages, '');
await settled(t, 1000);

for (const [name, key] of [
  ['one line down', 'j'],
  ['one page down', '\x06'],
] as const) {
  const times: number[] = [];
  for (let i = 0; i < KEYS; i++) {
    times.push(await latency(t, () => t.send(key)));
    await pause(30);
  }
  times.sort((a, b) => a - b);
  report(
    `key to screen, ${name} (median, 95 %)`,
    `${times[KEYS >> 1].toFixed(1)} / ${times[Math.floor(KEYS * 0.95)].toFixed(1)} ms`,
    'goal 16 / 40 ms',
  );
}

{
  await settled(t, 500);
  const before = cpu(t.pid);
  const bytes = t.output.length;
  t.send('j'.repeat(2000));
  await settled(t, 500);
  report('2,000 queued keys: processor time', `${(cpu(t.pid) - before).toFixed(0)} ms`, 'goal 100 ms');
  report('2,000 queued keys: output', `${((t.output.length - bytes) / 1024).toFixed(1)} KiB`, 'goal 64 KiB');
}

for (const filter of [
  'apns.size > 400 && apns.direction == s2c && tcp.stream < 1000 && apns.dialect == "courier"',
  'apns.status == 0 || apns.size > 1500 || tcp.stream == 7 || frame.number < 5000',
]) {
  t.send('g/\x15');
  await t.until('⏎ apply');
  t.send(filter);
  await settled(t, 300);
  const from = performance.now();
  let first = 0;
  t.listener = (data) => {
    if (first === 0 && data.length > 0) first = performance.now() - from;
  };
  t.send('\r');
  await t.until(() => !t.text().includes('scanning') && / of [\d,]+ *$/m.test(t.lines()[1]));
  const done = performance.now() - from;
  const hits = /([\d,]+) of/.exec(t.lines()[1])?.[1];
  report(
    `filter of four terms (${filter.split(' ')[0]} …, ${hits} hits)`,
    `${first.toFixed(0)} / ${done.toFixed(0)} ms`,
    'goal 50 / 300 ms: first, last',
  );
}

const tui = memory(t.pid);
report('memory of the terminal UI (now, most)', `${tui.now.toFixed(0)} / ${tui.most.toFixed(0)} MB`, '');
t.send('Q');
await t.ended();
t.close();

// The same index without the terminal UI.
const child = spawn(process.execPath, [script, 'stats', '--index-only', file], { stdio: 'ignore' });
let index = { now: 0, most: 0 };
const watch = setInterval(() => {
  try {
    index = memory(child.pid as number);
  } catch {
    // It ended between two looks.
  }
}, 20);
await new Promise((done) => child.on('exit', done));
clearInterval(watch);
report('memory of indexing alone (last, most)', `${index.now.toFixed(0)} / ${index.most.toFixed(0)} MB`, '');
report('memory above the index', `${(tui.now - index.now).toFixed(0)} MB`, 'goal 60 MB');
process.exit(0);
