import { type CommandDef, type CommandTable, type FieldDef, goes, idIn, type Part } from '../schema/definition.ts';
import { filterName } from '../schema/interpret.ts';
import { TABLES } from '../schema/registry.ts';
import { publishedTopics } from '../schema/topics.ts';

/** Dialects of the dissector; the packed encoding has the courier's commands. */
const DISSECTED: readonly string[] = ['courier', 'courier-ios4', 'gateway', 'feedback'];

const text = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function numbered(values: Readonly<Record<number, string>>): string {
  return `{ ${Object.entries(values)
    .map(([key, name]) => `[${key}] = ${text(name)}`)
    .join(', ')} }`;
}

function width(def: FieldDef): number {
  const { type } = def;
  switch (type.kind) {
    case 'uint':
      return type.width;
    case 'topic':
      return type.salted ? 0 : 20;
    case 'bytes':
    case 'token':
      return type.length ?? 0;
    case 'uuid':
      return 16;
    default:
      return 0;
  }
}

function fieldRow(command: string, def: CommandDef, key: string, field: FieldDef): string {
  const { type } = field;
  const parts = [
    `filter = ${text(filterName(command, def, key))}`,
    `label = ${text(field.label)}`,
    `kind = ${text(type.kind)}`,
    `width = ${width(field)}`,
  ];
  if ('unit' in type && type.unit !== undefined) parts.push(`unit = ${text(type.unit)}`);
  if (type.kind === 'uint' && type.time) parts.push('time = true');
  if (field.names !== undefined) parts.push(`names = ${numbered(field.names)}`);
  if (field.flags !== undefined)
    parts.push(
      `flags = { ${Object.entries(field.flags)
        .map(([mask, name]) => `{ ${mask}, ${text(name)} }`)
        .join(', ')} }`,
    );
  if (field.role !== undefined) parts.push(`role = ${text(field.role)}`);
  if (field.alias === 'topic') parts.push('alias = "topic"');
  return `{ ${parts.join(', ')} }`;
}

function layoutRow(def: CommandDef, parts: readonly Part[]): string {
  const rows = parts.map((part) => {
    const field = def.fields[part.field];
    if ('take' in part) return `{ id = ${field.id}, take = ${part.take} }`;
    // The count and the size of a list are the two numbers before it.
    return 'prefix' in part
      ? `{ id = ${field.id}, prefix = ${part.prefix}, width = ${width(field)} }`
      : `{ id = ${field.id}, list = true }`;
  });
  return `{ ${rows.join(', ')} }`;
}

function commandRow(name: string, def: CommandDef): string {
  const fields = ([0, 1] as const).map((dir) => {
    const rows = Object.entries(def.fields).flatMap(([key, field]) => {
      const id = idIn(field, dir);
      return id === undefined ? [] : [`      [${id}] = ${fieldRow(name, def, key, field)},\n`];
    });
    return `    [${dir}] = {\n${rows.join('')}    },\n`;
  });
  const direction = def.direction === 'both' ? 2 : goes(def, 0) ? 0 : 1;
  const layout = def.layouts === undefined ? '' : `, layouts = { ${def.layouts.map((parts) => layoutRow(def, parts)).join(', ')} }`;
  return `  { name = ${text(name)}, label = ${text(def.label)}, direction = ${direction}${layout}, fields = {\n${fields.join('')}  } },\n`;
}

function dialectRows(table: CommandTable): string {
  const byId = new Map<number, string[]>();
  for (const [name, def] of Object.entries(table)) byId.set(def.id, [...(byId.get(def.id) ?? []), commandRow(name, def)]);
  return [...byId].map(([id, rows]) => `[0x${id.toString(16).padStart(2, '0')}] = {\n${rows.join('')}},\n`).join('');
}

/** The Wireshark dissector: `template` with the tables of the schema in the place of its marks. */
export function luaDissector(template: string): string {
  const dialects = TABLES.flatMap(({ dialects: [name], table }) =>
    DISSECTED.includes(name) ? [`commands[${text(name)}] = {\n${dialectRows(table)}}\n`] : [],
  );
  const topics = publishedTopics().map(([name, sha1]) => `  ["${sha1}"] = ${text(name)},\n`);
  const tables = `local commands = {}\n${dialects.join('')}\n-- Topics by the SHA-1 of their names.\nlocal topics = {\n${topics.join('')}}\n`;
  return template
    .replace('-- @generated\n', '-- Generated from the schema and src/generate/dissector.lua by npm run generate; do not edit.\n')
    .replace('-- @tables\n', () => tables);
}
