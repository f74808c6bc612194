import { ByteWriter, fromHex } from '../../src/core/bytes.ts';

/** Bytes of a hex text; throws on anything else, because a test's constant must be right. */
export function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

/** A TLV frame written by hand, independent of the codec: command u8, length u32, then id u8, length u16, value. */
export function tlvFrame(command: number, ...items: readonly (readonly [id: number, value: Uint8Array | string])[]): Uint8Array {
  const body = new ByteWriter();
  for (const [id, value] of items) {
    const bytes = typeof value === 'string' ? hex(value) : value;
    body.u8(id).u16(bytes.length).bytes(bytes);
  }
  const inner = body.finish();
  return new ByteWriter().u8(command).u32(inner.length).bytes(inner).finish();
}

export const TOKEN_A = 'a0'.repeat(32);
export const TOKEN_B = '0123456789abcdef'.repeat(4);
export const MADRID = 'e4e6d952954168d0a5db02dbaf27cc35fc18d159';
