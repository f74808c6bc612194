/**
 * What the emulator costs against a bare Node TLS server that writes the same bytes (issue 6; PERFORMANCE.md G17 to G19).
 *
 * Servers and clients are processes of their own; the figure is messages per CPU second of the server. Product and reference
 * alternate, the best of the rounds counts. `tsx bench/emulator.ts [rounds] [clients]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Asked, Told } from './emulator-server.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const CLIENTS = Number(process.argv[3] ?? 1000);
/** Messages of one turn for a client in the burst tests. */
const BURST = 32;

const SERVER = fileURLToPath(new URL('./emulator-server.ts', import.meta.url));
const CLIENT = fileURLToPath(new URL('./emulator-client.ts', import.meta.url));

type Kind = 'emulator' | 'bare';

class Worker {
  private readonly child: ChildProcess;
  private readonly waiting: ((message: Told) => void)[] = [];

  constructor(script: string, args: readonly string[]) {
    this.child = fork(script, args, { execArgv: ['--expose-gc', '--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child.on('message', (message) => this.waiting.shift()?.(message as Told));
  }

  ask(message: Asked): Promise<Told> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.send(message);
    });
  }

  end(): void {
    this.child.kill();
  }
}

interface Figures {
  readonly fanOut: number;
  readonly burstMany: number;
  readonly burstOne: number;
  readonly idleBytes: number;
}

async function measure(kind: Kind): Promise<Figures> {
  const server = new Worker(SERVER, [kind]);
  const started = await server.ask({ do: 'start' });
  const empty = await server.ask({ do: 'memory' });
  const client = new Worker(CLIENT, [kind]);
  await client.ask({ do: 'connect', port: started.port as number, count: CLIENTS, ca: started.ca as string });
  await server.ask({ do: 'settled', count: CLIENTS });
  const full = await server.ask({ do: 'memory' });

  const run = async (clients: number, perTurn: number, turns: number): Promise<number> => {
    let cpu = 0;
    let messages = 0;
    // Short series with a pause for the clients to catch up, so that neither server measures its own backlog.
    const series = 10;
    for (let done = 0; done < turns; done += series) {
      const result = await server.ask({ do: 'send', clients, perTurn, turns: series });
      cpu += result.cpuSeconds as number;
      messages += clients * perTurn * series;
      const bytes = clients * perTurn * series * (started.size as number);
      await client.ask({ do: 'received', bytes });
    }
    return messages / cpu;
  };
  await run(CLIENTS, 1, 50);
  const fanOut = await run(CLIENTS, 1, 100);
  const burstMany = await run(CLIENTS, BURST, 20);
  await run(1, BURST, 500);
  const burstOne = await run(1, BURST, 3000);
  client.end();
  server.end();
  return { fanOut, burstMany, burstOne, idleBytes: ((full.rss as number) - (empty.rss as number)) / CLIENTS };
}

const results: Record<Kind, Figures[]> = { emulator: [], bare: [] };
for (let round = 0; round < ROUNDS; round++) {
  const kinds: Kind[] = round % 2 === 0 ? ['bare', 'emulator'] : ['emulator', 'bare'];
  for (const kind of kinds) results[kind].push(await measure(kind));
}

const best = (kind: Kind, key: keyof Figures): number =>
  key === 'idleBytes'
    ? Math.min(...results[kind].map((figures) => figures[key]))
    : Math.max(...results[kind].map((figures) => figures[key]));
const line = (name: string, key: keyof Figures, goal: string): void => {
  const ours = best('emulator', key);
  const bare = best('bare', key);
  const show = (n: number): string => Math.round(n).toLocaleString('en-US').padStart(12);
  process.stdout.write(`${name.padEnd(44)} ${show(ours)} ${show(bare)} ${(ours / bare).toFixed(2).padStart(6)}  ${goal}\n`);
};
process.stdout.write(`${CLIENTS} clients, ${ROUNDS} rounds, best of each${' '.repeat(13)}emulator         bare  ratio  goal\n`);
line('fan-out, messages per server CPU-s', 'fanOut', '>= 0.7');
line(`bursts of ${BURST} to each client`, 'burstMany', '>= 0.5');
line(`bursts of ${BURST} to one client`, 'burstOne', '>= 0.5');
line('bytes of memory per idle connection', 'idleBytes', '<= 1.3');
