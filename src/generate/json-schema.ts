import { DIALECTS } from '../core/message.ts';
import { type CommandDef, type FieldDef, typeText } from '../schema/definition.ts';
import type { FieldDoc } from '../schema/field-doc.ts';
import { HTTP2_FILTERS } from '../schema/http2-filters.ts';
import { allFields, TABLES } from '../schema/registry.ts';
import { TLS_FIELDS } from '../schema/tls-fields.ts';

type Schema = { readonly [key: string]: unknown };

/** A number beyond 2^53 is written as decimal digits, so that no reader rounds it. */
const BIG: Schema = {
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^[0-9]+$' },
  ],
};
const HEX: Schema = { type: 'string', pattern: '^([0-9a-f]{2})*$' };

function valueSchema(field: FieldDef): Schema {
  const { type } = field;
  switch (type.kind) {
    case 'uint':
      return type.width === 8 ? BIG : { type: 'integer', minimum: 0, maximum: 2 ** (8 * type.width) - 1 };
    case 'text':
    case 'uuid':
    case 'address':
      return { type: 'string' };
    case 'decimal':
      return { type: ['integer', 'string'] };
    case 'nonce':
    case 'signature':
    case 'failures':
      return { type: ['object', 'string'] };
    case 'payload':
    case 'protobuf':
      // Its own JSON, the projection of a property list, or hex.
      return {};
    default:
      return HEX;
  }
}

/** A field stands once, several times, or without a value that could be read; one with parts is an object of them. */
function fieldSchema(field: FieldDef): Schema {
  const one = valueSchema(field);
  const withParts = field.flags === undefined ? one : { anyOf: [one, { type: 'object' }] };
  return {
    title: field.label,
    description: `${field.doc} (${typeText(field.type)})`,
    anyOf: [withParts, { type: 'null' }, { type: 'array', items: { anyOf: [withParts, { type: 'null' }] } }],
  };
}

function commandSchema(def: CommandDef): Schema {
  return {
    title: def.label,
    description: def.doc,
    type: 'object',
    properties: Object.fromEntries(Object.entries(def.fields).map(([key, field]) => [key, fieldSchema(field)])),
  };
}

/** Fields that requests have besides those of HTTP/2 itself, by their shared names. */
const SHARED_WITH_HTTP2: readonly string[] = ['apns.token', 'apns.payload'];

/** Dialects whose messages have no tables of commands: every field may stand in any message, at the top or inside another. */
const OPEN: readonly (readonly [dialect: string, title: string, fields: () => readonly FieldDoc[]])[] = [
  [
    'http2',
    'HTTP/2',
    () => [
      // Headers one by one are not in records; those with a meaning stand under their short names.
      ...HTTP2_FILTERS.filter((f) => !f.filter.startsWith('http2.header.')),
      ...allFields().filter((f) => SHARED_WITH_HTTP2.includes(f.filter)),
    ],
  ],
  ['tls', 'TLS', () => TLS_FIELDS],
];

/** Records name a field by the last part of its filter name; fields that share one are told together. No type: a field may repeat or hold parts. */
function openSchema(dialect: string, title: string, fields: readonly FieldDoc[]): Schema {
  const byName = new Map<string, FieldDoc[]>();
  for (const field of fields) {
    const name = field.filter.slice(field.filter.lastIndexOf('.') + 1);
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [field]);
    else list.push(field);
  }
  return {
    title,
    description: `Fields of ${dialect} messages; further ones may stand.`,
    type: 'object',
    properties: Object.fromEntries(
      [...byName].map(([name, list]) => [
        name,
        { title: list[0].label, description: list.map((f) => `${f.filter}: ${f.doc} (${f.type})`).join('\n') },
      ]),
    ),
  };
}

/** `docs/schema.json`: JSON Schema of one record of `list --format jsonl`, described in docs/json.md. */
export function jsonSchema(): string {
  const defs: Record<string, Schema> = {};
  const rules: Schema[] = [];
  for (const { dialects, table } of TABLES) {
    for (const [name, def] of Object.entries(table)) {
      const key = `${dialects[0]}.${name}`;
      defs[key] = commandSchema(def);
      rules.push({
        if: { properties: { dialect: { enum: dialects }, message: { const: name } } },
        // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
        then: { properties: { fields: { $ref: `#/$defs/${key}` } } },
      });
    }
  }
  for (const [dialect, title, fields] of OPEN) {
    defs[dialect] = openSchema(dialect, title, fields());
    rules.push({
      if: { properties: { dialect: { const: dialect } } },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: { properties: { fields: { $ref: `#/$defs/${dialect}` } } },
    });
  }
  const schema: Schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: 'Generated from src/schema by npm run generate; do not edit.',
    title: 'apns-inspect record',
    description: 'One message, as list --format jsonl writes it. See docs/json.md.',
    type: 'object',
    required: ['v', 'n', 'stream', 'dir', 'src', 'dst', 'dialect', 'message', 'size', 'fields'],
    properties: {
      v: { const: 1, description: 'Version of the format.' },
      n: { type: 'integer', minimum: 1, description: 'Number of the message.' },
      time: { type: 'string', pattern: '^-?\\d{4,6}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$' },
      packet: { type: 'integer', minimum: 1, description: 'Packet that completed the message.' },
      stream: { type: 'integer', minimum: 0, description: 'TCP connection.' },
      dir: { enum: ['c2s', 's2c'] },
      src: { type: 'string' },
      dst: { type: 'string' },
      dialect: { enum: [...DIALECTS] },
      message: { type: 'string', description: 'Name of the message in the schema.' },
      size: { type: 'integer', minimum: 0, description: 'Bytes on the wire.' },
      topic: { type: 'string' },
      id: { type: 'integer', minimum: 0 },
      status: { type: 'integer', minimum: 0 },
      fields: { type: 'object' },
      notes: {
        type: 'array',
        items: {
          type: 'object',
          required: ['code', 'severity', 'start', 'end'],
          properties: {
            code: { type: 'string', pattern: '^[a-z0-9]+\\.[a-z0-9-]+$' },
            severity: { enum: ['info', 'note', 'warn', 'error'] },
            start: { type: 'integer', minimum: 0 },
            end: { type: 'integer', minimum: 0 },
            detail: { type: 'string' },
          },
        },
      },
    },
    allOf: rules,
    $defs: defs,
  };
  return `${JSON.stringify(schema, null, 1)}\n`;
}
