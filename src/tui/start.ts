/** Brings together what the terminal UI needs: settings, history, the input, the terminal. */
import { basename } from 'node:path';
import type { Reading, ReadingOptions } from '../timeline/open.ts';
import type { TimeFormat } from '../view/time-format.ts';
import { runTui } from './app.ts';
import { type Config, loadConfig, loadHistory } from './config.ts';
import { layersOf } from './layers.ts';
import type { Source } from './source.ts';

export interface StartOptions {
  readonly reading: Reading;
  readonly readingOptions: ReadingOptions;
  readonly files: readonly string[];
  readonly follow: boolean;
  /** Messages that are kept, the newest; undefined: as the settings say. */
  readonly ring: number | undefined;
  readonly showSecrets: boolean;
  readonly filter: string | undefined;
  readonly columns: readonly string[] | undefined;
  readonly time: TimeFormat | undefined;
  readonly theme: string | undefined;
  readonly ascii: boolean;
  readonly mouse: boolean;
  readonly color: string | boolean | undefined;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The locale says that the terminal does not take UTF-8. No locale at all says nothing. */
export function asciiLocale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale !== '' && !/utf-?8/i.test(locale);
}

/** No colours are wanted. */
function colorless(color: string | boolean | undefined, env: Readonly<Record<string, string | undefined>>): boolean {
  if (color === 'always') return false;
  return color === false || color === 'never' || (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '');
}

export async function startTui(options: StartOptions): Promise<number> {
  const { env, reading } = options;
  const { config: loaded, problems } = loadConfig(env);
  const config: Config = {
    ...loaded,
    theme: colorless(options.color, env)
      ? 'mono'
      : options.theme === 'dark' || options.theme === 'light' || options.theme === 'mono'
        ? options.theme
        : loaded.theme,
    ascii: loaded.ascii || options.ascii || asciiLocale(env),
    mouse: loaded.mouse && options.mouse,
    columns: options.columns ?? loaded.columns,
    time: options.time ?? loaded.time,
  };
  if (reading.timeline.analysis !== undefined) reading.timeline.analysis.held = true;
  const names = options.files.map((f) => (f === '-' ? 'standard input' : basename(f)));
  const source: Source = {
    timeline: reading.timeline,
    title: names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(' + '),
    showSecrets: options.showSecrets,
    live: options.follow || options.files.includes('-'),
    provenance: (row) => reading.provenance(row),
    layers: (row) => layersOf(reading, row, options.showSecrets),
  };
  return runTui({
    reading,
    source,
    files: options.files,
    readingOptions: options.readingOptions,
    input: options.input,
    output: options.output,
    config,
    problems,
    history: loadHistory(env),
    ring: options.ring ?? config.ring,
    filter: options.filter,
    env,
  });
}
