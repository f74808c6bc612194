import { toHex } from '../core/bytes.ts';
import { DIALECTS, type Field, type Value } from '../core/message.ts';
import { DIRECTION_NAMES } from '../core/stream.ts';
import { isoTime } from '../core/time.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** Version of the JSON records; raised when a field changes its meaning or goes away, not when one is added. */
export const RECORD_VERSION = 1;

/** What a record leaves out or replaces. */
export interface RecordOptions {
  /** Credentials (signatures of provider tokens, secrets) are shown. */
  readonly showSecrets: boolean;
  /** With the pair, the response time and what rules over several messages found; the input must be complete. */
  readonly analysis?: boolean;
}

export const HIDDEN = '‹redacted›';

/**
 * One message as one line of JSON (without the newline).
 *
 * Shape: docs/json.md. Integers above 2^53 are strings, so that no reader rounds nanoseconds; bytes are lower-case hex;
 * a repeated field is an array; a payload is its own JSON where it has one.
 */
export function jsonRecord(timeline: Timeline, row: number, options: RecordOptions): string {
  const columns = timeline.rows.columns;
  const message = timeline.message(row);
  const { client, server } = timeline.peers(columns.stream(row));
  const dir = columns.dir(row);
  let out = `{"v":${RECORD_VERSION},"n":${row + 1}`;
  if (timeline.timed(row)) out += `,"time":"${isoTime(columns.sec(row), columns.nsec(row))}"`;
  if (columns.packet(row) > 0) out += `,"packet":${columns.packet(row)}`;
  out += `,"stream":${columns.stream(row)},"dir":"${DIRECTION_NAMES[dir]}"`;
  out += `,"src":${JSON.stringify(dir === 0 ? client : server)},"dst":${JSON.stringify(dir === 0 ? server : client)}`;
  out += `,"dialect":"${DIALECTS[columns.type(row) >>> 8]}","message":${JSON.stringify(message.command)},"size":${columns.length(row)}`;
  const topic = timeline.topicName(row);
  if (topic !== undefined) out += `,"topic":${JSON.stringify(topic)}`;
  const id = columns.id(row);
  if (id !== undefined) out += `,"id":${id}`;
  const status = columns.status(row);
  if (status >= 0) out += `,"status":${status}`;
  out += `,"fields":${fieldsJson(timeline, message.fields, options)}`;
  if (options.analysis === true) out += pairJson(timeline, row);
  const all = options.analysis === true ? [...message.notes, ...(timeline.analysis?.findings(row) ?? [])] : message.notes;
  if (all.length > 0) {
    const notes = all.map((n) => ({
      code: n.code,
      severity: n.severity,
      start: n.start,
      end: n.end,
      ...(n.detail === undefined ? {} : { detail: n.detail }),
    }));
    out += `,"notes":${JSON.stringify(notes)}`;
  }
  return `${out}}`;
}

/** The number of the other message of a pair, and nanoseconds between the two as a text. */
function pairJson(timeline: Timeline, row: number): string {
  const partner = timeline.analysis?.pair(row) ?? -1;
  if (partner < 0) return '';
  const rtt = timeline.analysis?.rttNanos(row);
  return `,"pair":${partner + 1}${rtt === undefined ? '' : `,"rtt":"${rtt}"`}`;
}

function fieldsJson(timeline: Timeline, fields: readonly Field[], options: RecordOptions): string {
  const names: string[] = [];
  const values = new Map<string, string[]>();
  for (const field of fields) {
    const json = fieldJson(timeline, field, options);
    const list = values.get(field.name);
    if (list === undefined) {
      names.push(field.name);
      values.set(field.name, [json]);
    } else list.push(json);
  }
  const parts = names.map((name) => {
    const list = values.get(name) as string[];
    return `${JSON.stringify(name)}:${list.length === 1 ? list[0] : `[${list.join(',')}]`}`;
  });
  return `{${parts.join(',')}}`;
}

/** The value of one field as JSON. */
export function fieldJson(timeline: Timeline, field: Field, options: RecordOptions): string {
  if (field.privacy === 'credential' && !options.showSecrets) return JSON.stringify(HIDDEN);
  if (field.payload !== undefined) return timeline.decoders.payloadJson(field.payload) ?? valueJson(field.value);
  const { value } = field;
  // Children may be made when they are asked for: only where they stand for the value.
  const open = value === undefined || value === null || value instanceof Uint8Array;
  if (open && field.children !== undefined && field.children.length > 0) return fieldsJson(timeline, field.children, options);
  return valueJson(value);
}

export function valueJson(value: Value): string {
  if (value === undefined || value === null) return 'null';
  if (value instanceof Uint8Array) return `"${toHex(value)}"`;
  if (typeof value === 'bigint') return value <= 9007199254740991n && value >= -9007199254740991n ? value.toString() : `"${value}"`;
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value));
  return JSON.stringify(value);
}
