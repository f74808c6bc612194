/** The server side of bench/load.ts: an emulator in a process of its own that tells how much memory it has. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from '../src/emulator/index.ts';

/** What the process tells of itself, in bytes; `heap` after a full collection. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly cpuSeconds: number;
  readonly handled: number;
}

export interface Ready {
  readonly ports: Readonly<Record<'courier' | 'gateway' | 'feedback' | 'http2', number>>;
  readonly control: { readonly url: string; readonly token: string };
  readonly directory: string;
}

const directory = join(tmpdir(), 'apns-inspect-bench-lab');
const emulator = await startEmulator({ directory, keep: 'all' });
// Somebody watches, as the live table of the command does.
let handled = 0;
emulator.on(() => handled++);

process.on('message', () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const memory: Memory = { rss, heap: heapUsed, external, cpuSeconds: (user + system) / 1e6, handled };
  process.send?.(memory);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ports: emulator.ports, control: emulator.control, directory });
