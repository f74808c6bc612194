/** A filter for what is selected: the field's name and value in the filter language. */
import { toHex } from '../core/bytes.ts';
import type { Field } from '../core/message.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { DetailLine } from './detail.ts';

/** Longer byte strings are compared by their beginning. */
const MAX_BYTES = 32;
/** Longer texts are compared by what they hold. */
const MAX_TEXT = 200;

function fieldTerm(field: Field): string | undefined {
  const name = field.filter;
  if (name === undefined) return undefined;
  const { value } = field;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return `${name} == ${value}`;
  if (typeof value === 'string')
    return value.length <= MAX_TEXT
      ? `${name} == ${JSON.stringify(value)}`
      : `${name} contains ${JSON.stringify(value.slice(0, MAX_TEXT))}`;
  if (value instanceof Uint8Array && value.length > 0 && field.payload === undefined) {
    const spaced = (bytes: Uint8Array): string => (toHex(bytes).match(/../g) ?? []).join(':');
    return value.length <= MAX_BYTES ? `${name} == ${spaced(value)}` : `${name}[0:${MAX_BYTES}] == ${spaced(value.subarray(0, MAX_BYTES))}`;
  }
  return name;
}

/** The term for a line of the detail tree; lines of the head stand for connection, time and kind of message. */
export function termOf(timeline: Timeline, row: number, line: DetailLine | undefined): string | undefined {
  const { columns } = timeline.rows;
  if (line?.field !== undefined) return fieldTerm(line.field);
  const name = line?.label ?? 'Message';
  if (line?.severity !== undefined && name.startsWith('! ')) return `apns.note == "${name.slice(2)}"`;
  if (name === 'Connection') return `tcp.stream == ${columns.stream(row)}`;
  if (name === 'Process') return `apns.process == ${JSON.stringify(line?.text ?? '')}`;
  if (name === 'Bytes') return `frame.number == ${columns.packet(row)}`;
  if (name === 'Time') return timeline.timed(row) ? `frame.time >= "${line?.text}"` : undefined;
  const message = timeline.message(row);
  return `apns.dialect == "${message.dialect}" && apns.command == "${message.command}"`;
}

/** The filter with a term added: `and`, `or`, `and not`, or the term alone. */
export function joined(filter: string, how: 'and' | 'or' | 'not' | 'only', term: string): string {
  const right = / (\|\||&&) /.test(term) && how !== 'only' ? `(${term})` : term;
  if (how === 'only' || (filter.trim() === '' && how !== 'not')) return term;
  if (filter.trim() === '') return `!(${term})`;
  const left = (how === 'or' ? / && / : / \|\| |\bor\b/).test(filter) ? `(${filter})` : filter;
  if (how === 'not') return `${left} && !(${term})`;
  return `${left} ${how === 'and' ? '&&' : '||'} ${right}`;
}
