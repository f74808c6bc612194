import { DIALECT, DIALECTS, type DialectName, type Field, type Message } from '../../core/message.ts';
import { payloadPath } from '../../payload/payload.ts';
import type { CommandTable } from '../../schema/definition.ts';
import type { FieldDoc } from '../../schema/field-doc.ts';
import { filterName } from '../../schema/interpret.ts';
import { aliasFields, allFields, TABLES } from '../../schema/registry.ts';
import type { FieldNames } from './parser.ts';

export type FieldClass = 'number' | 'time' | 'duration' | 'bytes' | 'text' | 'any';

/** A field that a filter may name. */
export interface FilterField {
  readonly name: string;
  readonly doc: FieldDoc | undefined;
  readonly class: FieldClass;
  /** Numbers by their names, in lower case with single dashes. */
  readonly names: ReadonlyMap<string, number> | undefined;
  /** Keys below the payload, for `apns.payload.aps.alert`. */
  readonly path: readonly string[] | undefined;
}

const PAYLOAD = 'apns.payload.';
/** What follows these comes from the wire; Wireshark has the headers of HTTP/2 in the plural. */
const OPEN = [PAYLOAD, 'http2.header.', 'http2.headers.', 'x509sat.'] as const;

let docs: Map<string, FieldDoc> | undefined;
function table(): Map<string, FieldDoc> {
  docs ??= new Map(allFields().map((f) => [f.filter, f]));
  return docs;
}

/** All names, for the parser and for completion. */
export const FIELD_NAMES: FieldNames = {
  has: (name) => table().has(name) || OPEN.some((prefix) => name.startsWith(prefix) && name.length > prefix.length),
  all: () => table().keys(),
};

export const normal = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, '-');

function classOf(doc: FieldDoc): FieldClass {
  const { type } = doc;
  if (/time/i.test(type)) return 'time';
  if (type === 'duration') return 'duration';
  if (/^(u\d|number$|number,|status|ASCII decimal|flags)/.test(type)) return 'number';
  if (/bytes|token|SHA-1|certificate|padding|nonce|signature|hex/i.test(type)) return 'bytes';
  return type === 'text' || type.startsWith('UTF-8') ? 'text' : 'any';
}

/** Further words for values, beside those of the schema. */
const SYNONYMS: Readonly<Record<string, readonly (readonly [string, number])[]>> = { 'apns.severity': [['warning', 2]] };

export function filterField(name: string): FilterField {
  const doc = table().get(name);
  if (doc === undefined) {
    const path = name.startsWith(PAYLOAD) ? name.slice(PAYLOAD.length).split('.') : undefined;
    return { name, doc: undefined, class: 'any', names: undefined, path };
  }
  const names =
    doc.names === undefined
      ? undefined
      : new Map([...Object.entries(doc.names).map(([value, text]) => [normal(text), Number(value)] as const), ...(SYNONYMS[name] ?? [])]);
  return { name, doc, class: classOf(doc), names, path: undefined };
}

/** Full names that a filter name stands for: itself, and the rows behind a shared name. */
function namesBehind(given: string): ReadonlySet<string> {
  const name = given.replace(/^http2\.headers\./, 'http2.header.');
  return new Set([name, ...(aliasFields().get(name.replace(/^apns\./, '')) ?? []), ...(aliasFields().get(name) ?? [])]);
}

/** Which message types can hold a field, so that the others need not be decoded. undefined: any. */
export function typesWith(field: FilterField): ((type: number) => boolean) | undefined {
  const { name } = field;
  if (name.startsWith('tls.') || name.startsWith('x509')) return (type) => type >>> 8 === DIALECT.tls || type >>> 8 === DIALECT.http2;
  if (name.startsWith('http2.')) return (type) => type >>> 8 === DIALECT.http2;
  const wanted = field.path === undefined ? namesBehind(name) : namesBehind('apns.payload');
  const types = new Set<number>();
  for (const { dialects, table: commands } of TABLES) addTypes(types, dialects, commands, wanted, field.path !== undefined);
  if (types.size === 0) return undefined;
  return (type) => types.has(type) || type >>> 8 === DIALECT.http2;
}

function addTypes(
  types: Set<number>,
  dialects: readonly DialectName[],
  commands: CommandTable,
  wanted: ReadonlySet<string>,
  payload: boolean,
): void {
  for (const [command, def] of Object.entries(commands)) {
    const has = Object.entries(def.fields).some(
      ([key, f]) => (payload && (f.type.kind === 'payload' || f.type.kind === 'protobuf')) || wanted.has(filterName(command, def, key)),
    );
    if (has) for (const dialect of dialects) types.add((DIALECTS.indexOf(dialect) << 8) | def.id);
  }
}

/** Values of a field in a message: fields of the tree, or what stands at a path of the payload. */
export type Collect = (message: Message) => Field[];

/** Fields of a tree that are looked at; hostile payloads have a million. */
const WALK_LIMIT = 20_000;

export function collector(field: FilterField): Collect {
  if (field.path !== undefined) {
    const path = field.path;
    return (message) => {
      const out: Field[] = [];
      eachField(message.fields, (f) => {
        if (f.payload === undefined) return;
        for (const value of payloadPath(f.payload, path))
          out.push({
            name: path[path.length - 1],
            label: '',
            value,
            text: value instanceof Uint8Array ? '' : String(value),
            at: undefined,
          });
      });
      return out;
    };
  }
  const header = /^http2\.header\.(name|value)$/.exec(field.name)?.[1];
  if (header !== undefined) {
    return (message) => {
      const out: Field[] = [];
      eachField(message.fields, (f) => {
        if (f.filter?.startsWith('http2.header.') && f.name !== 'form')
          out.push(header === 'value' ? f : { ...f, value: f.name, text: f.name });
      });
      return out;
    };
  }
  const names = namesBehind(field.name);
  return (message) => {
    const out: Field[] = [];
    eachField(message.fields, (f) => {
      if (f.filter !== undefined && names.has(f.filter)) out.push(f);
    });
    return out;
  };
}

function eachField(fields: readonly Field[], visit: (field: Field) => void): void {
  let left = WALK_LIMIT;
  const walk = (list: readonly Field[]): void => {
    for (const field of list) {
      if (left-- <= 0) return;
      visit(field);
      if (field.children !== undefined) walk(field.children);
    }
  };
  walk(fields);
}
