/** The tables of docs/emulator.md that are made from the code: keys of rules, routes of the control API. */
import { ROUTES } from './control/routes.ts';
import { ACTION_KEYS, type KeyRow, type KeyType, WHEN_KEYS } from './faults/rule.ts';

/** Markdown table of the keys of `when` and `do`. */
export function rulesTable(): string {
  const rows = (part: string, keys: Readonly<Record<string, KeyRow>>): string[] =>
    Object.entries(keys).map(([key, { type, doc }]) => `| \`${part}\` | \`${key}\` | ${typeName(type)} | ${doc} |`);
  return ['| part | key | value | meaning |', '|---|---|---|---|', ...rows('when', WHEN_KEYS), ...rows('do', ACTION_KEYS)].join('\n');
}

/** Markdown table of the control API. */
export function routesTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '| method | path | what it does |',
    '|---|---|---|',
    ...ROUTES.map(({ method, path, doc }) => `| \`${method}\` | \`${path}\` | ${cell(doc)} |`),
  ].join('\n');
}

function typeName(type: KeyType): string {
  if (Array.isArray(type)) return type.map((value) => `\`${value}\``).join(', ');
  const names: Readonly<Record<string, string>> = {
    text: 'text',
    count: 'whole number',
    ordinal: 'whole number from 1',
    duration: 'duration',
    share: '0 to 1',
    flag: 'true or false',
    time: 'time',
    goaway: 'object, text or true',
  };
  return names[type as string];
}
