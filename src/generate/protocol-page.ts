import { DIALECTS } from '../core/message.ts';
import { type CommandDef, type FieldDef, type Part, typeText } from '../schema/definition.ts';
import { FRAME_TYPES, HTTP2_ROWS } from '../schema/http2.ts';
import { HEADERS, PUSH_TYPES } from '../schema/http2-headers.ts';
import { filterName } from '../schema/interpret.ts';
import { REASONS, RETRY_WORDS } from '../schema/reasons.ts';
import { aliasFields, TABLES } from '../schema/registry.ts';
import { SOURCES } from '../schema/sources.ts';

const cell = (value: string): string => value.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${row(...heads)}${row(...heads.map(() => '---'))}${rows.map((cells) => row(...cells)).join('')}\n`;

const WAYS = { c2s: 'client → server', s2c: 'server → client', both: 'both ways' } as const;

const INTRODUCTION: Readonly<Record<string, string>> = {
  courier: `Device to Apple, TLS on port 5223 or 443, since iOS 5. A frame is \`u8 command\`, \`u32 length\` of the body, then fields of \`u8 id\`,
\`u16 length\`, value. All numbers are big-endian. A field that overruns its frame makes the frame invalid.

With ALPN \`apns-pack-v1\` the same commands and ids are written in the packed encoding: \`u8 command\`, a length as an 8-bit prefixed
number, then attributes that may refer to earlier values and keys of the connection. Widths come from this table there.`,
  'courier-ios4': `iOS 3 and 4: \`u8 command\`, then what the layout says. There is no common length field.`,
  gateway: `Provider to Apple, TLS on port 2195 until 31 March 2021. Success has no answer; after an error packet the server closes.`,
  feedback: `Apple to provider, TLS on port 2196 until 31 March 2021. The server speaks at once; reading the list clears it.`,
};

function ids(field: FieldDef): string {
  const { id } = field;
  if (typeof id === 'number') return String(id);
  const parts = [id.c2s === undefined ? '' : `${id.c2s} c2s`, id.s2c === undefined ? '' : `${id.s2c} s2c`];
  return parts.filter((part) => part !== '').join(', ');
}

function remarks(field: FieldDef): string {
  const names = Object.entries(field.names ?? {}).map(([value, name]) => `${value} ${name}`);
  const flags = Object.entries(field.flags ?? {}).map(([mask, name]) => `0x${Number(mask).toString(16)} ${name}`);
  const marks = [
    field.repeated ? 'Repeated.' : '',
    field.required ? 'Required.' : '',
    field.indexed ? 'Entered into the packed table.' : '',
  ];
  return [field.doc, ...marks, names.length > 0 ? `Values: ${names.join('; ')}.` : '', flags.length > 0 ? `Bits: ${flags.join('; ')}.` : '']
    .filter((part) => part !== '')
    .join(' ');
}

function part(one: Part): string {
  if ('take' in one) return `${one.field} (${one.take} bytes)`;
  return 'prefix' in one ? `u${8 * one.prefix} length, ${one.field}` : `${one.field} × ${one.times}`;
}

function command(name: string, def: CommandDef): string {
  const hex = def.id.toString(16).padStart(2, '0');
  const fixed = def.layouts !== undefined;
  const layouts = (def.layouts ?? [])
    .map((parts) => `Layout: ${parts.length === 0 ? 'nothing follows' : parts.map(part).join(', ')}.\n`)
    .join('\n');
  const order = def.order === undefined ? '' : `Apple’s client writes ${def.order.join(', ')}, then the others by id.\n\n`;
  const rows = Object.entries(def.fields).map(([key, field]) => [
    ids(field),
    `\`${filterName(name, def, key)}\``,
    typeText(field.type),
    `**${field.label}.** ${remarks(field)}`,
    field.source,
    field.confidence,
  ]);
  const heads = [fixed ? 'no.' : 'id', 'filter name', 'type', 'meaning', 'source', 'conf.'];
  return `### ${hex} ${def.label} (\`${name}\`), ${WAYS[def.direction]}

${def.doc} Source: ${def.source}; confidence ${def.confidence}.

${layouts === '' ? '' : `${layouts}\n`}${order}${rows.length === 0 ? 'No fields.\n\n' : table(heads, rows)}`;
}

function http2(): string {
  const frames = FRAME_TYPES.map((type) => [String(type.code), type.name, type.doc, type.source]);
  const headers = HEADERS.map((header) => [
    `\`${header.name}\``,
    [`\`http2.header.${header.name}\``, ...(header.alias === undefined ? [] : [`\`${header.alias}\``])].join(', '),
    header.type,
    header.doc,
    header.source,
  ]);
  const reasons = REASONS.map((reason) => [
    String(reason.status),
    `${reason.reason}${reason.undocumented ? ' (not documented)' : ''}`,
    reason.scope,
    reason.explanation,
    `${reason.advice} Again: ${RETRY_WORDS[reason.retry]}.`,
    reason.source,
  ]);
  return `## http2

Provider to Apple, HTTP/2 on ports 443 and 2197, and channel management on 2195 (sandbox) and 2196.

### Messages

${table(
  ['message', 'what it is'],
  Object.values(HTTP2_ROWS).map((one) => [`\`${one.name}\``, one.doc]),
)}### Frames

${table(['type', 'name', 'what it is', 'source'], frames)}### Headers

${table(['header', 'filter names', 'type', 'meaning', 'source'], headers)}### Push types

${table(
  ['push type', 'topic', 'meaning'],
  PUSH_TYPES.map((type) => [`\`${type.name}\``, `bundle id${type.suffix}`, type.doc]),
)}### Reasons

${table(['status', 'reason', 'for', 'meaning', 'what to do', 'source'], reasons)}`;
}

/** `docs/protocol.md`: every dialect, command and field with its source. */
export function protocolPage(): string {
  const dialects = TABLES.map(({ dialects: names, table: rows }) => {
    const sections = Object.entries(rows).map(([name, def]) => command(name, def));
    return `## ${names.join(' and ')}\n\n${INTRODUCTION[names[0]] ?? ''}\n\n${sections.join('')}`;
  });
  const aliases = [...aliasFields()].map(([name, full]) => [`\`${name}\``, full.map((one) => `\`${one}\``).join(', ')]);
  return `<!-- Generated from src/schema by npm run generate; do not edit. -->

# Protocol reference

Every dialect, command and field that apns-inspect knows, from the tables that its decoders, encoders, filters and the Wireshark
dissector are made of. Dialects by number: ${DIALECTS.map((name, n) => `${n} ${name}`).join(', ')}.

Confidence: **A** read in Apple’s own client or shown by running code, **B** two implementations agree, **C** one source, **D** a guess.
A thing that nobody can name is called unknown.

## Sources

${table(['short', 'what'], Object.entries(SOURCES))}## Shared filter names

${table(['name', 'finds'], aliases)}${dialects.join('')}${http2()}`.replace(/\n+$/, '\n');
}
