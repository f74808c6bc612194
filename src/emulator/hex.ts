/**
 * Hex of bytes for keeping: one flat string. Built letter by letter it would stay a tree of strings, some 2 KB for a token,
 * in whatever keeps it.
 */
export function flatHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
