import type { DialectName } from '../core/message.ts';
import { COURIER } from './courier.ts';
import { COURIER_IOS4 } from './courier-ios4.ts';
import { type Alias, type CommandTable, typeText } from './definition.ts';
import { FEEDBACK } from './feedback.ts';
import type { FieldDoc } from './field-doc.ts';
import { FRAME_FIELDS } from './frame-fields.ts';
import { HTTP2_FILTERS } from './http2-filters.ts';
import { filterName } from './interpret.ts';
import { GATEWAY } from './provider.ts';
import { TLS_FIELDS } from './tls-fields.ts';

export type { FieldDoc } from './field-doc.ts';

/** Dialects whose rows are tables of commands. The packed encoding carries the courier's rows. */
export const TABLES: readonly { readonly dialects: readonly DialectName[]; readonly table: CommandTable }[] = [
  { dialects: ['courier', 'courier-packed'], table: COURIER },
  { dialects: ['courier-ios4'], table: COURIER_IOS4 },
  { dialects: ['gateway'], table: GATEWAY },
  { dialects: ['feedback'], table: FEEDBACK },
];

const ALIASES: Readonly<Record<Alias | 'command' | 'dialect', readonly [label: string, type: string, doc: string]>> = {
  command: ['Message', 'text', 'Name of the message, such as message, connect or push.'],
  dialect: ['Dialect', 'text', 'Dialect that the message is in.'],
  topic: ['Topic', 'text', 'Topic by name, or its hash in hex when the name is not known.'],
  token: ['Token', 'bytes', 'Token of the device.'],
  id: ['Id', 'number or text', 'What pairs question and answer: message id, identifier, apns-id.'],
  status: ['Status', 'number', 'Status of an answer, in the numbers of its dialect.'],
  expiry: ['Expiry', 'time', 'When the push loses its use.'],
  timestamp: ['Timestamp', 'time', 'Time that the message carries.'],
  priority: ['Priority', 'number', '10 at once, 5 with regard to power, 1 least.'],
  payload: ['Payload', 'bytes or tree', 'Content of the push; keys inside follow with dots, apns.payload.aps.alert.'],
};

/** The shared filter names, each with the full names that it stands for in the tables. */
export function aliasFields(): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>();
  for (const field of tableFields()) {
    if (field.alias === undefined) continue;
    const list = out.get(field.alias);
    if (list === undefined) out.set(field.alias, [field.filter]);
    else list.push(field.filter);
  }
  return out;
}

function tableFields(): FieldDoc[] {
  const byFilter = new Map<string, FieldDoc>();
  for (const { dialects, table } of TABLES) {
    for (const [command, def] of Object.entries(table)) {
      for (const [key, field] of Object.entries(def.fields)) {
        const filter = filterName(command, def, key);
        const { type } = field;
        const unit = 'unit' in type ? type.unit : undefined;
        const before = byFilter.get(filter);
        byFilter.set(filter, {
          filter,
          label: field.label,
          type: typeText(type),
          ...(unit === undefined ? undefined : { unit }),
          ...(field.names === undefined ? undefined : { names: field.names }),
          ...(field.flags === undefined ? undefined : { flags: field.flags }),
          doc: field.doc,
          source: field.source,
          confidence: field.confidence,
          dialects,
          ...(field.privacy === undefined ? undefined : { privacy: field.privacy }),
          ...(field.alias === undefined ? undefined : { alias: `apns.${field.alias}` }),
          ...(before === undefined ? undefined : { ...before, dialects: [...new Set([...before.dialects, ...dialects])] }),
        });
      }
    }
  }
  return [...byFilter.values()];
}

function sharedFields(): FieldDoc[] {
  return Object.entries(ALIASES).map(([name, [label, type, doc]]) => ({
    filter: `apns.${name}`,
    label,
    type,
    doc,
    source: 'reading',
    confidence: 'A',
    dialects: ['any'],
  }));
}

/** Fields that other files of this room contribute beside the command tables: append a list here. */
const FURTHER: readonly (readonly FieldDoc[])[] = [FRAME_FIELDS, HTTP2_FILTERS, TLS_FIELDS];

/** Every field of the filter language, shared names first, each filter name once. */
export function allFields(): readonly FieldDoc[] {
  const seen = new Set<string>();
  return [...sharedFields(), ...tableFields(), ...FURTHER.flat()].filter((field) => !seen.has(field.filter) && seen.add(field.filter));
}
