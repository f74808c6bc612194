/**
 * Mixed load on the emulator for as long as one likes, to see that its memory does not grow (issue 6).
 *
 * Devices of three dialects come, receive, acknowledge and go; providers push over HTTP/2 and the gateway, good and bad;
 * devices write to each other; feedback is read, records are asked for, and broken and silent clients come by.
 * `tsx bench/load.ts --minutes 30 --rate 200`: one line every ten seconds, a verdict at the end, exit code 1 when memory grew.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LoadClients } from './load-clients.ts';
import type { Memory, Ready } from './load-server.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '200' } },
});
const MINUTES = Number(values.minutes);
const RATE = Number(values.rate);
const REPORT_MS = 10_000;
/** Growth between the middle and the last third of the run that counts as none: what a collector leaves to chance. */
const ALLOWED_GROWTH = 1.05;

const server: ChildProcess = fork(fileURLToPath(new URL('./load-server.ts', import.meta.url)), [], {
  execArgv: ['--expose-gc', '--import', 'tsx'],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const message = <T>(): Promise<T> => new Promise((resolve) => server.once('message', (value) => resolve(value as T)));
const memory = (): Promise<Memory> => {
  const answer = message<Memory>();
  server.send('memory');
  return answer;
};

const clients = await LoadClients.start(await message<Ready>());
const samples: { readonly at: number; readonly rss: number; readonly heap: number }[] = [];
const started = Date.now();
const mb = (bytes: number): string => (bytes / 1e6).toFixed(1).padStart(8);
process.stdout.write(`   s     rss MB  heap MB   ext MB   cpu s    events  ${LoadClients.header}\n`);

let nextReport = started + REPORT_MS;
for (let second = 0; Date.now() - started < MINUTES * 60_000; second++) {
  clients.second(second, RATE);
  if (Date.now() >= nextReport) {
    nextReport += REPORT_MS;
    const { rss, heap, external, cpuSeconds, handled } = await memory();
    const at = (Date.now() - started) / 1000;
    samples.push({ at, rss, heap });
    process.stdout.write(
      `${at.toFixed(0).padStart(5)} ${mb(rss)} ${mb(heap)} ${mb(external)} ${cpuSeconds.toFixed(1).padStart(8)} ${String(handled).padStart(9)}  ${clients.line()}\n`,
    );
  }
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + (second + 1) * 1000 - Date.now())));
}
clients.stop();
server.disconnect();

const third = Math.floor(samples.length / 3);
const mean = (key: 'rss' | 'heap', from: number, to: number): number =>
  samples.slice(from, to).reduce((sum, sample) => sum + sample[key], 0) / Math.max(1, to - from);
const growth = (key: 'rss' | 'heap'): number =>
  mean(key, samples.length - third, samples.length) / mean(key, third, samples.length - third);
const grown = growth('heap') > ALLOWED_GROWTH;
process.stdout.write(
  `${MINUTES} minutes, ${RATE} messages/s: last third against the middle third: heap ${growth('heap').toFixed(3)}, rss ${growth('rss').toFixed(3)}. ` +
    `${grown ? 'Memory grew.' : 'No growth.'}\n`,
);
process.exit(grown ? 1 : 0);
