import type { Field, Range } from '../core/message.ts';

/** Lines of a hex dump: "00000010  de ad be ef …  |....|". */

const NONE: readonly Range[] = [];
const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Ranges of bytes that credentials stand in: a dump shows them as asterisks. */
export function credentialRanges(fields: readonly Field[]): Range[] {
  const out: Range[] = [];
  for (const field of fields) {
    if (field.privacy === 'credential' && field.at !== undefined) out.push(field.at);
    else if (field.children !== undefined) out.push(...credentialRanges(field.children));
  }
  return out;
}

/** All bytes as hex digits, hidden ones as asterisks. */
export function hexDigits(bytes: Uint8Array, hidden: readonly Range[] = NONE): string {
  let out = '';
  bytes.forEach((b, at) => {
    out += hidden.some((r) => at >= r.start && at < r.end) ? '**' : HEX[b];
  });
  return out;
}

/** One line of `perRow` bytes from `offset`; bytes past the end are blank, hidden ones asterisks. `offsetDigits` 4 to 8. */
export function hexLine(bytes: Uint8Array, offset: number, perRow: number, offsetDigits: number, hidden: readonly Range[] = NONE): string {
  let hex = '';
  let text = '';
  for (let i = 0; i < perRow; i++) {
    if (i > 0) hex += i % 8 === 0 ? '  ' : ' ';
    const at = offset + i;
    if (at >= bytes.length) {
      hex += '  ';
      continue;
    }
    if (hidden.length > 0 && hidden.some((r) => at >= r.start && at < r.end)) {
      hex += '**';
      text += '*';
      continue;
    }
    const b = bytes[at];
    hex += HEX[b];
    text += b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.';
  }
  return `${offset.toString(16).padStart(offsetDigits, '0')}  ${hex}  ${text}`;
}

/** The whole dump, without the bytes of `hidden`. */
export function* hexDump(bytes: Uint8Array, perRow = 16, hidden: readonly Range[] = NONE): Generator<string> {
  const digits = bytes.length > 0xffff ? 8 : 4;
  for (let at = 0; at < bytes.length; at += perRow) yield hexLine(bytes, at, perRow, digits, hidden).trimEnd();
}
