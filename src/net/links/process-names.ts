/**
 * Text of a fixed-width, zero-padded process name. The last one is kept, because thousands of packets in a row have the same
 * owner and no text is to be made for each of them.
 */
const WIDTH = 20;
const last = new Uint8Array(WIDTH);
let lastName = '';

/** The name in `buf[at, at + 20)`, printable, without what follows its first zero byte; '' when there is none. */
export function processName(buf: Uint8Array, at: number): string {
  let same = true;
  for (let i = 0; i < WIDTH && same; i++) same = last[i] === buf[at + i];
  if (same) return lastName;
  let name = '';
  let inside = true;
  for (let i = 0; i < WIDTH; i++) {
    const byte = (last[i] = buf[at + i]);
    if (byte === 0) inside = false;
    if (inside) name += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  lastName = name;
  return name;
}
