import { existsSync, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { EXIT, UserError } from '../core/errors.ts';
import { nearest } from '../timeline/filter/error.ts';
import type { ListOptions } from './list.ts';

export interface OpenOptions extends ListOptions {
  tui?: boolean;
  theme?: string;
  ascii?: boolean;
  mouse?: boolean;
  printConfig?: boolean;
}

/** Options that ask for a listing. */
const LISTING = ['format', 'output', 'limit', 'failOn', 'findings'] as const;

/** Why the terminal UI cannot start here, or undefined. */
export function noTui(options: OpenOptions, env: Readonly<Record<string, string | undefined>>, outputIsTty: boolean): string | undefined {
  if (options.tui === false) return '--no-tui';
  if (LISTING.some((name) => options[name] !== undefined) || options.header === false) return 'an option of list';
  if (!outputIsTty) return 'the output is no terminal';
  if (env['TERM'] === undefined || env['TERM'] === '' || env['TERM'] === 'dumb') return 'the terminal cannot place text';
  if (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false') return 'CI';
  return undefined;
}

/** Where keys come from: standard input, or the terminal itself when standard input is the capture or something else. */
function keyboard(): ReadStream | undefined {
  if (process.stdin.isTTY === true) return process.stdin as ReadStream;
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return undefined;
  }
}

/** A word that is no file but nearly a command was meant as one. Throws `UserError`. */
function checkCommand(word: string | undefined, commands: readonly string[]): void {
  if (word === undefined || !/^[a-z]+$/.test(word) || existsSync(word)) return;
  const near = nearest(word, commands);
  if (near !== undefined) throw new UserError('command', `"${word}" is neither a command nor a file — did you mean ${near}?`, EXIT.usage);
}

/** `apns-inspect FILE...`: the terminal UI on a terminal, the list everywhere else. */
export async function runOpen(files: string[], options: OpenOptions, commands: readonly string[]): Promise<number> {
  checkCommand(files[0], commands);
  if (options.printConfig === true) {
    const { loadConfig } = await import('../tui/config.ts');
    const { config, problems } = loadConfig(process.env);
    for (const problem of problems) process.stderr.write(`apns-inspect: ${problem}\n`);
    process.stdout.write(`${JSON.stringify(config, undefined, 2)}\n`);
    return EXIT.ok;
  }
  const input = noTui(options, process.env, process.stdout.isTTY === true) === undefined ? keyboard() : undefined;
  // Each is loaded only where it is needed: the first screen waits for nothing else.
  if (input === undefined) return (await import('./list.ts')).runList(files, options);
  const { startTui } = await import('../tui/start.ts');
  const { openSession } = await import('./session.ts');
  if (options.theme !== undefined && !['dark', 'light', 'mono'].includes(options.theme)) {
    throw new UserError('theme', `--theme takes dark, light or mono, not "${options.theme}".`, EXIT.usage);
  }
  const columns = options.columns === undefined ? undefined : (await import('./list.ts')).parseColumns(options.columns).map((c) => c.name);
  const time = options.time === undefined ? undefined : (await import('./list.ts')).parseTime(options.time);
  const session = await openSession(files, options);
  try {
    const code = await startTui({
      reading: session.reading,
      readingOptions: {
        keys: [],
        decodeAs: options.decodeAs ?? [],
        c2s: options.c2s,
        s2c: options.s2c,
        follow: false,
        expandPayloads: false,
      },
      files: [...files, ...(options.read ?? []), ...[options.c2s, options.s2c].filter((f) => f !== undefined)],
      follow: options.follow === true,
      ring: options.ring,
      showSecrets: options.showSecrets === true,
      filter: options.filter,
      columns,
      time,
      theme: options.theme,
      ascii: options.ascii === true,
      mouse: options.mouse !== false,
      color: options.color,
      input,
      output: process.stdout,
      env: process.env,
    });
    session.report();
    return code;
  } finally {
    session.close();
  }
}
