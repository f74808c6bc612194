import { u32 } from '../../core/bytes.ts';
import type { Field } from '../../core/message.ts';
import { byteCount, field, group } from './fields.ts';
import { FRAME_HEADER, frameDef } from './frames.ts';
import { FRAMES_SHOWN, type Row, type RowFrame } from './row.ts';

/** The frames of a row as a group: what stands on the wire, frame by frame. */
export function framesField(bytes: Uint8Array, row: Row): Field {
  const count = row.frames.length;
  const text = count > FRAMES_SHOWN ? `${count}, the first ${FRAMES_SHOWN} shown` : String(count);
  return group('frames', 'Frames', count, text, { start: 0, end: bytes.length }, 'http2.frames', () =>
    row.frames.slice(0, FRAMES_SHOWN).map((frame) => frameField(bytes, frame)),
  );
}

/** Name of a frame type in words. */
function frameName(type: number): string {
  return frameDef(type)?.name ?? `unknown frame 0x${type.toString(16).padStart(2, '0')}`;
}

function flagNames(type: number, flags: number): string {
  const def = frameDef(type);
  const names: string[] = [];
  let rest = flags;
  for (const [name, bit] of Object.entries(def?.flags ?? {})) {
    if (flags & bit) names.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join(', ');
}

function frameField(bytes: Uint8Array, frame: RowFrame): Field {
  const { start, end, type, flags, stream } = frame;
  const length = end - start - FRAME_HEADER;
  const names = flagNames(type, flags);
  const children: Field[] = [
    field('length', 'Length', length, byteCount(length), { at: { start, end: start + 3 }, filter: 'http2.length' }),
    field('type', 'Type', type, `${frameName(type)} (${type})`, { at: { start: start + 3, end: start + 4 }, filter: 'http2.type' }),
    field('flags', 'Flags', flags, `0x${flags.toString(16).padStart(2, '0')}${names === '' ? '' : ` (${names})`}`, {
      at: { start: start + 4, end: start + 5 },
      filter: 'http2.flags',
    }),
    field('streamid', 'Stream', stream, undefined, { at: { start: start + 5, end: start + 9 }, filter: 'http2.streamid' }),
  ];
  const padded = frame.to < end || (flags & 0x8 && (type === 0 || type === 1 || type === 5));
  if (padded && length > 0) {
    const at = { start: start + FRAME_HEADER, end: start + FRAME_HEADER + 1 };
    children.push(field('padding', 'Pad length', end - frame.to, byteCount(end - frame.to), { at, filter: 'http2.padding' }));
  }
  if (frame.priorityAt >= 0) children.push(...priorityFields(bytes, frame.priorityAt, end));
  if (frame.promisedAt >= 0 && frame.promisedAt + 4 <= end) {
    const promised = u32(bytes, frame.promisedAt) & 0x7fffffff;
    const at = { start: frame.promisedAt, end: frame.promisedAt + 4 };
    children.push(field('promised', 'Promised stream', promised, undefined, { at, filter: 'http2.promised_streamid' }));
  }
  if (frame.to > frame.from) {
    const label = type === 0 ? 'Data' : type === 1 || type === 5 || type === 9 ? 'Header block' : 'Payload';
    children.push(field('content', label, undefined, byteCount(frame.to - frame.from), { at: { start: frame.from, end: frame.to } }));
  }
  const text = `stream ${stream}, ${byteCount(length)}${names === '' ? '' : `, ${names}`}`;
  return field('frame', frameName(type), type, text, { at: { start, end }, children });
}

/** The five bytes of a priority: exclusive bit, stream u31, weight less one u8. Source: RFC 7540, 6.3. */
export function priorityFields(bytes: Uint8Array, at: number, end: number): Field[] {
  if (at + 5 > end) return [];
  const word = u32(bytes, at);
  const dependency = word & 0x7fffffff;
  return [
    field('exclusive', 'Exclusive', word >= 0x80000000, undefined, { at: { start: at, end: at + 1 }, filter: 'http2.priority.exclusive' }),
    field('dependency', 'Depends on stream', dependency, undefined, {
      at: { start: at, end: at + 4 },
      filter: 'http2.priority.dependency',
    }),
    field('weight', 'Weight', bytes[at + 4] + 1, undefined, { at: { start: at + 4, end: at + 5 }, filter: 'http2.priority.weight' }),
  ];
}
