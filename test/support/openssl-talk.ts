import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tap } from './tap.ts';
import type { Chunk } from './tls-sink.ts';

/** The `openssl` program of this machine, or undefined. Tests that need it are skipped by name without. */
export const OPENSSL: string | undefined = /^OpenSSL ([3-9])/.test(spawnSync('openssl', ['version']).stdout?.toString() ?? '')
  ? 'openssl'
  : undefined;

/** One step of a conversation: a line that a side sends, or a command letter that makes its program act. */
export type Step = readonly ['client' | 'server', string] | readonly ['client' | 'server', 'command', string];

export interface OpensslRecipe {
  readonly server: readonly string[];
  readonly client: readonly string[];
  readonly steps: readonly Step[];
  /** Files by name, in the directory that `{dir}` stands for in arguments. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Connections made one after the other with other client arguments. */
  readonly next?: readonly { readonly client: readonly string[]; readonly steps: readonly Step[] }[];
}

export interface OpensslTalk {
  readonly chunks: Chunk[];
  readonly sent: readonly [string, string];
}

class Program {
  output = '';
  private readonly child: ChildProcess;
  private listeners: (() => void)[] = [];
  private gone = false;

  constructor(args: readonly string[], cwd: string) {
    this.child = spawn('openssl', args, { cwd, env: { ...process.env, SSLKEYLOGFILE: '' } });
    const take = (bytes: Buffer): void => {
      this.output += bytes.toString('latin1');
      this.wake();
    };
    this.child.stdout?.on('data', take);
    this.child.stderr?.on('data', take);
    this.child.on('exit', () => {
      this.gone = true;
      this.wake();
    });
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  async until(test: () => boolean, what: string): Promise<void> {
    while (!test()) {
      if (this.gone) throw new Error(`openssl ended before: ${what}\n${this.output}`);
      await new Promise<void>((done) => this.listeners.push(done));
    }
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    if (!this.gone) this.child.kill();
    while (!this.gone) await new Promise<void>((done) => this.listeners.push(done));
  }

  wake(): void {
    const waiting = this.listeners;
    this.listeners = [];
    for (const done of waiting) done();
  }
}

/** Lets `openssl s_server` and `s_client` talk through a tap; returns each connection and the key log of both sides. */
export async function opensslTalk(recipe: OpensslRecipe): Promise<{ talks: OpensslTalk[]; keyLog: Buffer }> {
  const dir = mkdtempSync(join(tmpdir(), 'openssl-'));
  const fill = (args: readonly string[]): string[] => args.map((arg) => arg.replaceAll('{dir}', dir));
  for (const [name, content] of Object.entries(recipe.files ?? {})) writeFileSync(join(dir, name), content);
  const log = join(dir, 'keys.log');
  const server = new Program(['s_server', '-accept', '0', '-keylogfile', log, ...fill(recipe.server)], dir);
  let tap: Tap | undefined;
  const talks: OpensslTalk[] = [];
  try {
    const port = (): string | undefined => /ACCEPT .*:(\d+)/.exec(server.output)?.[1];
    await server.until(() => port() !== undefined, 'listening');
    tap = await Tap.before(Number(port()));
    for (const round of [{ client: recipe.client, steps: recipe.steps }, ...(recipe.next ?? [])]) {
      const before = server.output.length;
      const client = new Program(['s_client', '-connect', `127.0.0.1:${tap.port}`, '-keylogfile', log, ...fill(round.client)], dir);
      await client.until(() => /SSL handshake has read/.test(client.output), 'handshake');
      const index = tap.connections.length - 1;
      const sent: [string, string] = ['', ''];
      for (const step of round.steps) {
        const [from, to] = step[0] === 'client' ? [client, server] : [server, client];
        if (step.length === 3) {
          const seen = tap.connections[index].length;
          from.write(`${step[2]}\n`);
          tap.onChunk = () => from.wake();
          await from.until(() => (tap as Tap).connections[index].length > seen, `command ${step[2]}`);
          continue;
        }
        const at = to.output.length;
        from.write(`${step[1]}\n`);
        sent[step[0] === 'client' ? 0 : 1] += `${step[1]}\n`;
        await to.until(() => to.output.indexOf(step[1], step[0] === 'client' ? Math.max(at, before) : at) >= 0, step[1]);
      }
      await client.end();
      await tap.ended(index);
      talks.push({ chunks: tap.connections[index], sent });
    }
    await server.end();
    return { talks, keyLog: readFileSync(log) };
  } finally {
    await server.end();
    await tap?.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
