import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { capture } from './generate.ts';
import { installed, outputOf, peakMemory, sample } from './measure.ts';
import { random } from './packets.ts';
import { type Program, WORKLOADS, type Workload } from './workloads.ts';

/** A goal counts as missed beyond this: what is left of the noise in minima on a busy machine. */
const SLACK = 1.15;

/** The capture that a program reads, and its arguments with the path in them. */
function resolve(program: Program, workload: Workload): { readonly argv: string[]; readonly source: string } {
  let source = workload.capture;
  const argv = program.argv.map((word) => {
    if (word.endsWith('KEYS')) return word.slice(0, -4) + capture(source).keys;
    if (word !== 'FILE' && !word.startsWith('FILE:')) return word;
    if (word !== 'FILE') source = word.slice(5);
    return capture(source).path;
  });
  return { argv, source };
}

const minimum = (values: readonly number[]): number => Math.min(...values);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Counts first: a time for a wrong answer is no time. Returns the programs that can be measured. */
async function usable(workload: Workload): Promise<Program[]> {
  const out: Program[] = [];
  for (const program of workload.programs) {
    if (quick && program.slow === true) {
      console.log(`  ${program.name}: left out by --quick`);
      continue;
    }
    if (!installed(program.argv[0])) {
      console.log(`  ${program.name}: skipped, ${program.argv[0]} is not installed`);
      continue;
    }
    if (program.check !== undefined) {
      const { argv, source } = resolve(program, workload);
      const wrong = program.check(await outputOf(argv), capture(source).counts);
      if (wrong !== undefined) {
        console.log(`  ${program.name}: not measured, its answer is wrong: ${wrong}`);
        process.exitCode = 1;
        continue;
      }
    }
    out.push(program);
  }
  return out;
}

/** Interleaved rounds in an order that changes, so that a busy moment of the machine hits all alike. */
function measure(
  workload: Workload,
  programs: readonly Program[],
  rounds: number,
  next: () => number,
  samples: Map<string, number[]>,
): void {
  const seen = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const order = programs.map((program) => ({ program, key: next() })).sort((a, b) => a.key - b.key);
    for (const { program } of order) {
      const before = seen.get(program.name) ?? samples.get(program.name)?.length ?? 0;
      if (program.slow === true && before > 0) continue;
      seen.set(program.name, before + 1);
      const list = samples.get(program.name) ?? [];
      samples.set(program.name, list);
      list.push(sample(resolve(program, workload).argv).cpu);
    }
  }
}

function missed(workload: Workload, samples: ReadonlyMap<string, number[]>): boolean {
  return workload.goals.some(({ product, reference, most }) => {
    const [a, b] = [samples.get(product), samples.get(reference)];
    return a !== undefined && b !== undefined && minimum(a) / minimum(b) > most * SLACK;
  });
}

function row(cells: readonly string[]): void {
  const widths = [16, 10, 10, 7];
  console.log(`  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i] ?? 9))).join(' ')}`);
}

async function bench(workload: Workload, rounds: number, next: () => number): Promise<void> {
  console.log(`\n${workload.name} (${workload.capture})`);
  const programs = await usable(workload);
  if (programs.length === 0) return;
  const samples = new Map<string, number[]>();
  measure(workload, programs, rounds, next, samples);
  if (missed(workload, samples)) measure(workload, programs, rounds * 2, next, samples);
  row(['program', 'CPU s min', 'median', 'rounds']);
  for (const [name, list] of samples) row([name, minimum(list).toFixed(3), median(list).toFixed(3), String(list.length)]);
  for (const { product, reference, most } of workload.goals) {
    const [a, b] = [samples.get(product), samples.get(reference)];
    if (a === undefined || b === undefined) continue;
    verdict(`${product} / ${reference}`, minimum(a) / minimum(b), most, '');
  }
  const first = samples.get(programs[0].name);
  if (workload.rate !== undefined && first !== undefined && programs[0] === workload.programs[0]) {
    const rate = capture(workload.capture).counts.packets / minimum(first);
    const word = rate >= workload.rate ? 'met' : rate * SLACK >= workload.rate ? 'met within noise' : 'MISSED';
    if (word === 'MISSED') process.exitCode = 1;
    const [is, least] = [rate, workload.rate].map((n) => Math.round(n).toLocaleString('en'));
    console.log(`  ${programs[0].name}: ${is} packets a CPU second, goal at least ${least}: ${word}`);
  }
  if (workload.memory !== undefined && programs[0] === workload.programs[0]) {
    verdict(`${programs[0].name}, peak memory`, peakMemory(resolve(programs[0], workload).argv), workload.memory, ' MB');
  }
}

/** The ratio with its goal beside it. */
function verdict(what: string, value: number, most: number, unit: string): void {
  const digits = most < 0.1 ? 4 : most >= 100 ? 0 : 2;
  const slack = unit === '' ? SLACK : 1;
  const word = value <= most ? 'met' : value <= most * slack ? 'met within noise' : 'MISSED';
  if (word === 'MISSED') process.exitCode = 1;
  console.log(`  ${what}: ${value.toFixed(digits)}${unit}, goal at most ${most.toFixed(digits)}${unit}: ${word}`);
}

/** Benches that measure inside of a process, or between several: programs of their own beside this one. */
const SCRIPTS = ['filter', 'replay', 'emulator', 'tui'];

const words = process.argv.slice(2);
const names = words.filter((word) => !word.startsWith('--'));
const rounds = Number(words.find((word) => word.startsWith('--rounds='))?.slice(9) ?? 0);
const quick = words.includes('--quick');
const unknown = names.filter((name) => !WORKLOADS.some((w) => w.name === name) && !SCRIPTS.includes(name));
if (unknown.length > 0) {
  console.error(
    `no such workload: ${unknown.join(', ')}; there are ${[...WORKLOADS.map((w) => w.name), ...SCRIPTS].join(', ')}, --rounds=N, and --quick to leave slow references out`,
  );
  process.exit(2);
}
if (!existsSync(fileURLToPath(new URL('../dist/main.js', import.meta.url)))) {
  console.error('dist/ is missing: run npm run build first');
  process.exit(2);
}
// With them node parses certificates, or does more, before it runs anything: `node -e 0` too, and ratios to it would look better.
delete process.env.NODE_EXTRA_CA_CERTS;
delete process.env.NODE_OPTIONS;
const next = random(20261121);
for (const workload of WORKLOADS) {
  if (names.length > 0 && !names.includes(workload.name)) continue;
  await bench(workload, rounds > 0 ? rounds : workload.rounds, next);
}
for (const name of SCRIPTS) {
  if (names.length > 0 ? !names.includes(name) : quick) continue;
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(`${name}.ts`, import.meta.url))], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
