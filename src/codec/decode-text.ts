import { concatBytes } from '../core/bytes.ts';
import { Cells, type Dialect, type Framing, NEED } from '../core/dialect.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { DIALECTS, type Message } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { bytesOfInput } from './byte-text.ts';
import { detectDialect, guessDirection } from './detect.ts';
import { dialectByName } from './dialects.ts';

export interface DecodedText {
  readonly dialect: Dialect;
  readonly dir: Dir;
  readonly messages: readonly { readonly message: Message; readonly bytes: Uint8Array }[];
}

/** Name of the dialect that is tried when nothing is recognised: a lone courier frame with odd fields is the likeliest. */
const FALLBACK = 'courier';
/** Such text would pass for base64 without padding; in a dump the offsets may have any number of digits. */
const ODD_HEX = /^[0-9a-f]([0-9a-f]{2})*$/i;
const FIRST_COURIER_COMMAND = 0x07;
const LAST_COURIER_COMMAND = 0x22;

function choose(bytes: Uint8Array, name: string | undefined, dir: Dir | undefined): { dialect: Dialect; dir: Dir } {
  if (name !== undefined) {
    const dialect = dialectByName(name);
    if (dialect === undefined) {
      throw new UserError('dialect', `there is no dialect "${name}"; write one of ${DIALECTS.slice(2).join(', ')}.`, EXIT.usage);
    }
    return { dialect, dir: dir ?? guessDirection(dialect, bytes) };
  }
  const none = new Uint8Array(0);
  const verdict =
    dir === undefined
      ? detectDialect(bytes, none, { final: true })
      : detectDialect(dir === 0 ? bytes : none, dir === 0 ? none : bytes, { final: true, rolesKnown: true });
  if (typeof verdict === 'object') return { dialect: verdict.dialect, dir: dir ?? (verdict.swapped ? 1 : 0) };
  const fallback = dialectByName(FALLBACK);
  if (fallback !== undefined && bytes[0] >= FIRST_COURIER_COMMAND && bytes[0] <= LAST_COURIER_COMMAND) {
    return { dialect: fallback, dir: dir ?? guessDirection(fallback, bytes) };
  }
  throw new UserError('decode', 'these bytes fit none of the dialects; name one with --dialect to decode them all the same.');
}

/**
 * Messages of one or more frames of one direction, given as bytes, hex, a hex dump or base64.
 * Dialect and direction are recognised when they are not given. Bytes that are no whole frame make a last message with notes.
 * Throws `UserError` when the input is no bytes, or of no dialect.
 */
export function decodeText(input: Uint8Array | string, dialectName?: string, dir?: Dir): DecodedText {
  if (typeof input === 'string' && !/^\s*0{4,16}:?\s/.test(input) && ODD_HEX.test(input.replaceAll(/\s/g, '')))
    throw new UserError('decode', 'the hex has an odd number of digits; half a byte is missing.', EXIT.usage);
  const bytes = bytesOfInput(input);
  if (bytes === undefined || bytes.length === 0) throw new UserError('decode', 'the input is neither hex nor base64.', EXIT.usage);
  const chosen = choose(bytes, dialectName, dir);
  return { ...chosen, messages: messages(chosen.dialect, chosen.dir, bytes) };
}

function messages(dialect: Dialect, dir: Dir, bytes: Uint8Array): DecodedText['messages'] {
  const framing: Framing = dialect.open({});
  const cells = new Cells();
  const held = new Map<number, Uint8Array[]>();
  const out: { message: Message; bytes: Uint8Array }[] = [];
  const add = (frame: Uint8Array, aux?: Uint8Array): void => {
    out.push({ message: dialect.decode(frame, dir, aux), bytes: frame });
  };
  let at = 0;
  while (at < bytes.length) {
    const length = framing.measure(dir, bytes, at, bytes.length);
    // NEED and BROKEN are not positive: the rest goes out as it is.
    if (length === NEED || length <= 0 || at + length > bytes.length) break;
    cells.clear();
    framing.index(dir, bytes, at, at + length, cells);
    const frame = bytes.slice(at, at + length);
    at += length;
    if (cells.hold >= 0) {
      held.set(cells.hold, [...(held.get(cells.hold) ?? []), frame]);
      continue;
    }
    const before = held.get(cells.release);
    held.delete(cells.release);
    add(before === undefined ? frame : concatBytes([...before, frame]), cells.aux);
  }
  for (const frames of held.values()) add(concatBytes(frames));
  if (at < bytes.length) add(bytes.slice(at));
  return out;
}
