import { u16, u32 } from '../../core/bytes.ts';
import { FLAG, FRAME } from '../../schema/http2.ts';
import { FRAME_HEADER, frameDef, payloadLength, sizeProblem } from './frames.ts';

/** What one side announced, as far as indexing needs it; 0 = it announced nothing yet. The largest value counts, because the moment of use is not visible. */
export interface PeerSettings {
  maxFrame: number;
  tableSize: number;
}

const HEADER_TABLE_SIZE = 1;
const MAX_FRAME_SIZE = 5;
const INITIAL_TABLE = 4096;
const INITIAL_FRAME = 16384;
const CANCEL = 8;

/** Takes the limits out of a SETTINGS frame. */
export function readSettings(b: Uint8Array, start: number, end: number, into: PeerSettings): void {
  if (b[start + 4] & FLAG.ack) return;
  if (into.maxFrame === 0) {
    into.maxFrame = INITIAL_FRAME;
    into.tableSize = INITIAL_TABLE;
  }
  for (let at = start + FRAME_HEADER; at + 6 <= end; at += 6) {
    const id = u16(b, at);
    const value = u32(b, at + 2);
    if (id === MAX_FRAME_SIZE && value > into.maxFrame) into.maxFrame = value;
    else if (id === HEADER_TABLE_SIZE && value > into.tableSize) into.tableSize = value;
  }
}

/** Severity of a control frame as far as its bytes tell: 3 malformed, 2 an error code or a reason, 1 unusual, 0 nothing. */
export function controlSeverity(b: Uint8Array, start: number, end: number): number {
  const type = b[start + 3];
  const def = frameDef(type);
  if (def === undefined) return 1;
  if (sizeProblem(def, b[start + 4], payloadLength(b, start)) !== undefined) return 3;
  if (type === FRAME.rstStream) {
    const code = u32(b, start + FRAME_HEADER);
    return code === 0 || code === CANCEL ? 1 : 2;
  }
  if (type === FRAME.goaway) return u32(b, start + FRAME_HEADER + 4) !== 0 || end - start > FRAME_HEADER + 8 ? 2 : 1;
  return 0;
}
