import type { Field } from '../../core/message.ts';
import type { Note } from '../../core/note.ts';
import { printable, utf8 } from '../../core/text.ts';
import { isoTime } from '../../core/time.ts';
import { note } from '../../schema/notes.ts';
import { RETRY_WORDS, reasonDef } from '../../schema/reasons.ts';
import { field } from './fields.ts';

/** Bodies of failures are some 100 bytes; longer ones are not APNs' and are left to the payload decoder. */
const REASON_LIMIT = 16 * 1024;
/** Below this a timestamp counts seconds: as milliseconds it would be before 1973, when there was no APNs. */
const MILLISECONDS_FROM = 1e11;

/** What a failure or a GOAWAY says in JSON. */
interface ReasonReading {
  readonly reason: string | undefined;
  /** Milliseconds since the epoch. */
  readonly timestamp: number | undefined;
  readonly fields: readonly Field[];
}

/**
 * Reads `{"reason": …, "timestamp": …}` and explains it. `at` is where `json` starts in the row; `status` the HTTP status
 * that it came with, undefined for GOAWAY. Anything else gives no fields.
 */
export function reasonFields(json: Uint8Array, at: number, status: number | undefined, notes: Note[]): ReasonReading {
  const end = at + json.length;
  const body = json.length > REASON_LIMIT ? undefined : parse(json);
  const reason = typeof body?.['reason'] === 'string' ? body['reason'] : undefined;
  const time = Number.isSafeInteger(body?.['timestamp']) ? (body?.['timestamp'] as number) : undefined;
  const fields: Field[] = [];
  if (reason !== undefined) {
    const place = find(json, at, reason);
    const def = reasonDef(reason);
    fields.push(field('reason', 'Reason', reason, undefined, { at: place, filter: 'apns.reason' }));
    if (def === undefined) notes.push(note('http2.reason-unknown', place.start, place.end, printable(reason)));
    else {
      fields.push(field('explanation', 'Meaning', def.explanation), field('advice', 'What to do', def.advice));
      fields.push(field('retry', 'Retry', def.retry, RETRY_WORDS[def.retry], { filter: 'apns.retry' }));
      if (def.undocumented) {
        notes.push(
          note('http2.reason-undocumented', place.start, place.end, def.alias === undefined ? reason : `documented as ${def.alias}`),
        );
      }
      if (status !== undefined && status !== def.status) {
        notes.push(note('http2.reason-status', place.start, place.end, `${status}, expected ${def.status}`));
      }
    }
  }
  let timestamp: number | undefined;
  if (time !== undefined) {
    const place = find(json, at, String(time));
    const seconds = time < MILLISECONDS_FROM;
    if (seconds) notes.push(note('http2.timestamp-seconds', place.start, place.end, String(time)));
    timestamp = seconds ? time * 1000 : time;
    const text = isoTime(Math.floor(timestamp / 1000), (((timestamp % 1000) + 1000) % 1000) * 1_000_000, 3);
    fields.push(field('inactive_since', 'Inactive since', BigInt(timestamp), text, { at: place, filter: 'apns.inactive_since' }));
  } else if (status === 410) notes.push(note('http2.timestamp-missing', at, end));
  return { reason, timestamp, fields };
}

function parse(json: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const text = utf8(json);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Place of an ASCII text in the JSON, or of all of it when it is written otherwise. */
function find(json: Uint8Array, at: number, text: string): { start: number; end: number } {
  for (let i = 0; i + text.length <= json.length; i++) {
    let k = 0;
    while (k < text.length && json[i + k] === text.charCodeAt(k)) k++;
    if (k === text.length) return { start: at + i, end: at + i + k };
  }
  return { start: at, end: at + json.length };
}
