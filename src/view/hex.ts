/** Lines of a hex dump: "00000010  de ad be ef …  |....|". */

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** One line of `perRow` bytes from `offset`; bytes past the end are blank. `offsetDigits` 4 to 8. */
export function hexLine(bytes: Uint8Array, offset: number, perRow: number, offsetDigits: number): string {
  let hex = '';
  let text = '';
  for (let i = 0; i < perRow; i++) {
    if (i > 0) hex += i % 8 === 0 ? '  ' : ' ';
    const at = offset + i;
    if (at >= bytes.length) {
      hex += '  ';
      continue;
    }
    const b = bytes[at];
    hex += HEX[b];
    text += b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.';
  }
  return `${offset.toString(16).padStart(offsetDigits, '0')}  ${hex}  ${text}`;
}

/** The whole dump, `from` added to the offsets shown. */
export function* hexDump(bytes: Uint8Array, perRow = 16): Generator<string> {
  const digits = bytes.length > 0xffff ? 8 : 4;
  for (let at = 0; at < bytes.length; at += perRow) yield hexLine(bytes, at, perRow, digits).trimEnd();
}
