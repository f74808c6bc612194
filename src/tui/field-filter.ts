/** A filter for what is selected: the field's name and value in the filter language. */
import { toHex } from '../core/bytes.ts';
import type { Field } from '../core/message.ts';
import { compileFilter, FilterError } from '../timeline/filter/filter.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { type DetailLine, HIDDEN } from './detail.ts';

/** Longer byte strings are compared by their beginning. */
const MAX_BYTES = 32;
/** Longer texts are compared by what they hold. */
const MAX_TEXT = 200;

/** Terms for a field, the most telling first. */
function fieldTerms(field: Field): string[] {
  const name = field.filter;
  if (name === undefined) return [];
  const exact = exactTerm(name, field);
  return [...(exact === undefined ? [] : [exact]), `${name} == ${JSON.stringify(field.text)}`, name];
}

/** The first term that can be used and selects this very message. */
function usable(timeline: Timeline, row: number, terms: readonly string[]): string | undefined {
  return terms.find((term) => {
    try {
      return compileFilter(term).matches(timeline, row);
    } catch (error) {
      if (error instanceof FilterError) return false;
      throw error;
    }
  });
}

function exactTerm(name: string, field: Field): string | undefined {
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
  return undefined;
}

/** The term for a line of the detail tree; lines of the head stand for connection, time and kind of message. */
export function termOf(timeline: Timeline, row: number, line: DetailLine | undefined): string | undefined {
  const { columns } = timeline.rows;
  if (line?.field !== undefined) {
    const { field } = line;
    // The value of a credential that is not shown is not typed into a filter either.
    const terms = line.text !== HIDDEN ? fieldTerms(field) : field.filter === undefined ? [] : [field.filter];
    return usable(timeline, row, terms);
  }
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
