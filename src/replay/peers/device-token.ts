import type { Timeline } from '../../timeline/timeline.ts';

/** Commands that name the device: Connect and ConnectResponse, of iOS 4 and later. */
const NAMING: ReadonlySet<string> = new Set(['connect', 'connect_response']);
/** A session begins with them; what comes later is not looked through. */
const MAX_ROWS = 64;

/** The token, hex, of the device that a recorded courier connection belongs to: what it came with or was given last. */
export function deviceToken(timeline: Timeline, stream: number): string | undefined {
  const { columns } = timeline.rows;
  let token: string | undefined;
  for (let row = 0, seen = 0; row < columns.rows && seen < MAX_ROWS; row++) {
    if (columns.stream(row) !== stream) continue;
    seen++;
    const message = timeline.plainMessage(row);
    if (!NAMING.has(message.command)) continue;
    const value = message.fields.find(({ name }) => name === 'token')?.value;
    if (value instanceof Uint8Array && value.length > 0) token = Buffer.from(value).toString('hex');
  }
  return token;
}
