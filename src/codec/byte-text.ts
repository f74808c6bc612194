import { fromHex } from '../core/bytes.ts';
import { utf8 } from '../core/text.ts';

/*
 * Bytes as people paste them: hex with or without separators, the dumps of xxd, hexdump and Wireshark, base64, or the bytes
 * themselves.
 */

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Bytes of base64 text (also the URL form, padding optional, white space ignored), or undefined. */
function fromBase64(text: string): Uint8Array | undefined {
  const clean = text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  if (clean.length === 0 || clean.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(clean)) return undefined;
  const out = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const c of clean) {
    held = ((held << 6) | BASE64.indexOf(c)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 0xff;
    }
  }
  return out;
}

// Offset, then pairs or groups of pairs, then perhaps the characters after two blanks or a bar.
const DUMP_LINE = /^\s*([0-9a-fA-F]{4,16}):?\s+((?:[0-9a-fA-F]{2,8}[ ]{1,2})*[0-9a-fA-F]{2,8})(?:\s{2,}.*|\s*\|.*)?\s*$/;

/** Bytes of a hex dump whose lines begin with their offset, or undefined when a line's offset is not the count of bytes before it. */
function fromDump(text: string): Uint8Array | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  let hex = '';
  for (const line of lines) {
    const match = DUMP_LINE.exec(line);
    if (match === null) {
      // The last line of hexdump -C holds the length alone.
      if (/^[0-9a-fA-F]{4,16}$/.test(line.trim()) && Number.parseInt(line, 16) === hex.length / 2) continue;
      return undefined;
    }
    if (Number.parseInt(match[1], 16) !== hex.length / 2) return undefined;
    hex += match[2].replace(/\s+/g, '');
  }
  return hex === '' ? undefined : fromHex(hex);
}

/** Bytes that a text stands for, or undefined when it is none of the known forms. */
function bytesOfText(text: string): Uint8Array | undefined {
  if (text.trim() === '') return undefined;
  const plain = text.replace(/0[xX](?=[0-9a-fA-F])|\\x/g, ' ').replace(/[\s:,;{}[\]"'-]+/g, '');
  return (/^\s*0{4,16}:?\s/.test(text) ? fromDump(text) : undefined) ?? (plain === '' ? undefined : fromHex(plain)) ?? fromBase64(text);
}

/** Bytes of an input that may hold text or be the bytes themselves. */
export function bytesOfInput(input: Uint8Array | string): Uint8Array | undefined {
  if (typeof input === 'string') return bytesOfText(input);
  const text = utf8(input);
  // Binary frames hold zero bytes nearly always; text never does.
  return text === undefined || text.includes('\u0000') ? input : (bytesOfText(text) ?? input);
}
