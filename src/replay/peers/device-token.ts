import { toHex } from '../../core/bytes.ts';
import { DIALECT, messageType } from '../../core/message.ts';
import { COURIER } from '../../schema/courier.ts';
import { COURIER_IOS4 } from '../../schema/courier-ios4.ts';
import type { Timeline } from '../../timeline/timeline.ts';

/** Messages that name the device: what it came with, what it was given, and what it said of itself where the start is missing. */
const NAMING: ReadonlySet<number> = new Set([
  ...[DIALECT.courier, DIALECT.packed].flatMap((dialect) =>
    [COURIER.connect, COURIER.connect_response, COURIER.filter].map(({ id }) => messageType(dialect, id)),
  ),
  ...[COURIER_IOS4.connect, COURIER_IOS4.connect_response].map(({ id }) => messageType(DIALECT.ios4, id)),
]);

const known = new WeakMap<Timeline, Map<number, string>>();

/** The token, hex, of the device that a recorded courier connection belongs to; the one that it was given, when it was given one. */
export function deviceToken(timeline: Timeline, stream: number): string | undefined {
  let tokens = known.get(timeline);
  if (tokens === undefined) {
    tokens = readTokens(timeline);
    known.set(timeline, tokens);
  }
  return tokens.get(stream);
}

function readTokens(timeline: Timeline): Map<number, string> {
  const { columns } = timeline.rows;
  const tokens = new Map<number, string>();
  for (let row = 0; row < columns.rows; row++) {
    if (!NAMING.has(columns.type(row))) continue;
    const stream = columns.stream(row);
    if (columns.dir(row) === 0 && tokens.has(stream)) continue;
    const value = timeline.plainMessage(row).fields.find(({ name }) => name === 'token')?.value;
    if (value instanceof Uint8Array && value.length > 0) tokens.set(stream, toHex(value));
  }
  return tokens;
}
