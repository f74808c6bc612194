/** Settings of the terminal UI: $XDG_CONFIG_HOME/apns-inspect/config.json, and the history of prompts under $XDG_STATE_HOME. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { column } from '../view/columns.ts';
import { TIME_FORMATS, type TimeFormat } from '../view/time-format.ts';
import { compileRules, DEFAULT_RULES } from './color-rules.ts';
import { makeKeymap, WIRESHARK_KEYS } from './keys.ts';
import type { State } from './state.ts';
import { THEMES, type ThemeName } from './theme.ts';

export interface Config {
  readonly theme: ThemeName;
  readonly ascii: boolean;
  readonly mouse: boolean;
  readonly columns: readonly string[] | undefined;
  readonly time: TimeFormat;
  /** Share of the height that the list has, in percent. */
  readonly split: number;
  /** Messages that are kept, the newest, so that a live input can go on for ever; 0: all. */
  readonly ring: number;
  readonly keymap: 'standard' | 'wireshark';
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly colors: readonly { readonly filter: string; readonly style: string }[];
}

export const DEFAULT_CONFIG: Config = {
  theme: 'dark',
  ascii: false,
  mouse: true,
  columns: undefined,
  time: 'relative',
  split: 50,
  ring: 0,
  keymap: 'standard',
  keys: {},
  colors: DEFAULT_RULES,
};

type Environment = Readonly<Record<string, string | undefined>>;

const place = (env: Environment, variable: string, fallback: string): string => {
  const base = env[variable];
  return join(base?.startsWith('/') ? base : join(env['HOME'] ?? homedir(), fallback), 'apns-inspect');
};

export const configPath = (env: Environment): string => join(place(env, 'XDG_CONFIG_HOME', '.config'), 'config.json');
const historyPath = (env: Environment): string => join(place(env, 'XDG_STATE_HOME', '.local/state'), 'history.json');

/** Takes over what is usable of a configuration; the rest is told in `problems`. */
export function readConfig(text: string): { config: Config; problems: string[] } {
  const problems: string[] = [];
  let given: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it is no object');
    given = parsed as Record<string, unknown>;
  } catch (error) {
    return { config: DEFAULT_CONFIG, problems: [`config.json: ${(error as Error).message}`] };
  }
  const take = <T>(name: string, test: (value: unknown) => value is T, fallback: T, wants: string): T => {
    const value = given[name];
    if (value === undefined || value === null) return fallback;
    if (test(value)) return value;
    problems.push(`config.json: "${name}" must be ${wants}`);
    return fallback;
  };
  const isBoolean = (v: unknown): v is boolean => typeof v === 'boolean';
  const isTexts = (v: unknown): v is string[] => Array.isArray(v) && v.every((t) => typeof t === 'string');
  const oneOf =
    <T extends string>(names: readonly T[]) =>
    (v: unknown): v is T =>
      names.includes(v as T);
  for (const name of Object.keys(given)) if (!(name in DEFAULT_CONFIG)) problems.push(`config.json: there is no setting "${name}"`);
  const themes = Object.keys(THEMES) as ThemeName[];
  const config: Config = {
    theme: take('theme', oneOf(themes), 'dark', themes.join(', ')),
    ascii: take('ascii', isBoolean, false, 'true or false'),
    mouse: take('mouse', isBoolean, true, 'true or false'),
    columns: take<readonly string[] | undefined>(
      'columns',
      (v): v is string[] => isTexts(v) && v.length > 0 && v.every((name) => column(name) !== undefined),
      undefined,
      'a list of column names',
    ),
    time: take('time', oneOf(TIME_FORMATS), 'relative', TIME_FORMATS.join(', ')),
    split: take('split', (v): v is number => typeof v === 'number' && v >= 20 && v <= 80, 50, 'a number from 20 to 80'),
    ring: take('ring', (v): v is number => Number.isSafeInteger(v) && (v as number) >= 0, 0, 'a number of messages, 0 for all'),
    keymap: take('keymap', oneOf(['standard', 'wireshark'] as const), 'standard', 'standard or wireshark'),
    keys: take<Config['keys']>(
      'keys',
      (v): v is Record<string, string[]> => typeof v === 'object' && v !== null && !Array.isArray(v) && Object.values(v).every(isTexts),
      {},
      'an object of command names with lists of keys',
    ),
    colors: take<Config['colors']>(
      'colors',
      (v): v is Config['colors'] => Array.isArray(v) && v.every((r) => typeof r?.filter === 'string' && typeof r?.style === 'string'),
      DEFAULT_RULES,
      'a list of {"filter", "style"}',
    ),
  };
  return { config, problems };
}

/** The configuration of the user; the defaults when there is none. */
export function loadConfig(env: Environment): { config: Config; problems: string[] } {
  let text: string;
  try {
    text = readFileSync(configPath(env), 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    return { config: DEFAULT_CONFIG, problems: missing ? [] : [`config.json: ${(error as Error).message}`] };
  }
  return readConfig(text);
}

/** The state with the settings; problems are said on the screen. */
export function configured(state: State, config: Config, problems: readonly string[]): State {
  const keys = makeKeymap({ ...(config.keymap === 'wireshark' ? WIRESHARK_KEYS : {}), ...config.keys });
  const rules = compileRules(config.colors);
  const all = [...problems, ...keys.problems, ...rules.problems];
  return {
    ...state,
    theme: THEMES[config.theme],
    ascii: config.ascii,
    mouse: config.mouse,
    columns: config.columns,
    time: config.time,
    split: config.split,
    keymap: keys.keymap,
    rules: rules.rules,
    message: all.length === 0 ? state.message : { text: all[0], bad: true },
  };
}

export interface History {
  readonly filter: readonly string[];
  readonly find: readonly string[];
}

export function loadHistory(env: Environment): History {
  try {
    const parsed = JSON.parse(readFileSync(historyPath(env), 'utf8')) as Partial<Record<'filter' | 'find', unknown>>;
    const texts = (v: unknown): string[] => (Array.isArray(v) ? v.filter((t): t is string => typeof t === 'string') : []);
    return { filter: texts(parsed.filter), find: texts(parsed.find) };
  } catch {
    return { filter: [], find: [] };
  }
}

/** Keeps the history; a home that cannot be written costs only the history. */
export function saveHistory(env: Environment, history: History): void {
  try {
    const path = historyPath(env);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, JSON.stringify(history), { mode: 0o600 });
  } catch {
    // Nothing is lost but the convenience.
  }
}
