import { detectDialect, directionBits } from '../codec/detect.ts';
import { http2 } from '../codec/http2/dialect.ts';
import type { Dialect, Framing } from '../core/dialect.ts';
import type { Dir } from '../core/stream.ts';
import { COURIER } from '../schema/courier.ts';
import type { CommandDef } from '../schema/definition.ts';
import { type DirectionRun, Runs } from './direction-runs.ts';
import { splitHttp2 } from './split-http2.ts';

/** Bytes at the beginning that are looked at to tell the dialect. */
const DETECT_BYTES = 64 * 1024;
const NOTHING = new Uint8Array(0);

/** Commands of the courier that answer another: the schema names an answer after its question. */
const QUESTION_OF: ReadonlyMap<number, number> = new Map(
  Object.entries<CommandDef>(COURIER).flatMap(([name, { id }]): [number, number][] => {
    const question = (COURIER as Record<string, CommandDef | undefined>)[name.replace(/_(response|ack)$/, '')];
    return question === undefined || question.id === id ? [] : [[id, question.id]];
  }),
);
const QUESTIONS: ReadonlySet<number> = new Set(QUESTION_OF.values());

/**
 * Tells the two directions apart in bytes of one connection that were written one after the other, in the order in which they
 * came, each frame whole (`sslsplit -S`, "Save as Raw"). The runs tile the bytes from the first to the last.
 *
 * Frames are cut by the dialect's own syntax; each goes to the side that the schema says sends such frames, and where both
 * sides do and the fields do not tell, opposite to its question, or to the side of the frame before it. Behind a frame that cannot be cut all bytes stay with
 * its side. Empty when no dialect of ours is spoken. Linear in the length.
 */
export function splitDirections(bytes: Uint8Array): readonly DirectionRun[] {
  const verdict = detectDialect(bytes.subarray(0, DETECT_BYTES), NOTHING, { final: true });
  if (typeof verdict === 'string') return [];
  const runs = new Runs();
  const end = verdict.dialect === http2 ? splitHttp2(bytes, runs) : splitFrames(verdict.dialect, bytes, runs);
  runs.add(runs.list[runs.list.length - 1]?.dir ?? 0, end, bytes.length);
  return runs.list;
}

/** Which side bytes come from that begin a stream, or undefined when they are of no dialect of ours. */
export function guessSide(bytes: Uint8Array): Dir | undefined {
  const verdict = detectDialect(bytes.subarray(0, DETECT_BYTES), NOTHING, { final: true });
  return typeof verdict === 'string' ? undefined : verdict.swapped ? 1 : 0;
}

/** Returns where it stopped. */
function splitFrames(dialect: Dialect, bytes: Uint8Array, runs: Runs): number {
  const framing = dialect.open({});
  const lastFrom: (Dir | undefined)[] = [];
  let before: Dir = 0;
  let at = 0;
  while (at < bytes.length) {
    const lengths = [frameLength(framing, 0, bytes, at), frameLength(framing, 1, bytes, at)] as const;
    const bits = [weigh(dialect, bytes, at, lengths[0], 0), weigh(dialect, bytes, at, lengths[1], 1)] as const;
    if (bits[0] < 0 && bits[1] < 0) return at;
    const command = bytes[at];
    const dir: Dir = bits[0] === bits[1] ? undecided(lastFrom, command, before) : bits[1] > bits[0] ? 1 : 0;
    lastFrom[command] = dir;
    runs.add(dir, at, at + lengths[dir]);
    at += lengths[dir];
    before = dir;
  }
  return at;
}

/**
 * The side of a frame that both sides send alike: an answer comes from the other side than its question, and questions of
 * the courier that look the same from both sides (connect, flush) are in practice the device's.
 */
function undecided(lastFrom: readonly (Dir | undefined)[], command: number, before: Dir): Dir {
  const question = QUESTION_OF.get(command);
  if (question === undefined) return QUESTIONS.has(command) ? 0 : before;
  const asked = lastFrom[question];
  return asked === undefined ? before : asked === 0 ? 1 : 0;
}

/** Length of the frame at `at` as that side would have sent it, cut off where the bytes end; 0 when it is none. */
function frameLength(framing: Framing, dir: Dir, bytes: Uint8Array, at: number): number {
  const length = framing.measure(dir, bytes, at, bytes.length);
  if (length > 0) return Math.min(length, bytes.length - at);
  return length === 0 ? 0 : bytes.length - at;
}

function weigh(dialect: Dialect, bytes: Uint8Array, at: number, length: number, dir: Dir): number {
  return length === 0 ? -1 : directionBits(dialect, bytes.subarray(at, at + length), dir);
}
