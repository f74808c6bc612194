import { fromHex } from '../core/bytes.ts';
import { utf8 } from '../core/text.ts';

/*
 * Bytes as people paste them: hex with or without separators, the dumps of xxd, hexdump and Wireshark, arrays of C, what Python
 * and Apple's logs print for bytes, base64, or the bytes themselves.
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

/** The initialiser of an array of C, as `xxd -i` writes it. */
const ARRAY = /\{((?:\s*0x[0-9a-f]{1,2}\s*,?)+)\s*\}/i;
/** Data in Apple's logs: `<00000020 aaaa>`, and of newer systems `{length = 4, bytes = 0x00000020}`. */
const APPLE_DATA = /^\s*(?:<((?:[0-9a-f]{2}|\s)+)>|\{\s*length\s*=\s*\d+,\s*bytes\s*=\s*0x([0-9a-f\s]+)\})\s*$/i;
/** Bytes as Python prints them. */
const PYTHON = /^\s*b(['"])([\s\S]*)\1\s*$/;

function fromArray(text: string): Uint8Array | undefined {
  const found = ARRAY.exec(text);
  return found === null ? undefined : Uint8Array.from(found[1].match(/0x[0-9a-f]+/gi) ?? [], Number);
}

function fromAppleData(text: string): Uint8Array | undefined {
  const found = APPLE_DATA.exec(text);
  return found === null ? undefined : fromHex((found[1] ?? found[2]).replace(/\s+/g, ''));
}

const PYTHON_ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '\\': 92, "'": 39, '"': 34 };

function fromPython(text: string): Uint8Array | undefined {
  const found = PYTHON.exec(text);
  if (found === null) return undefined;
  const parts = found[2].match(/\\x[0-9a-f]{2}|\\[nrt\\'"]|[^\\]/gi) ?? [];
  // Anything else behind a backslash is no literal of bytes.
  if (parts.reduce((sum, part) => sum + part.length, 0) !== found[2].length) return undefined;
  return Uint8Array.from(parts, (part) => {
    if (part.length === 4) return Number.parseInt(part.slice(2), 16);
    return part.length === 2 ? PYTHON_ESCAPES[part[1]] : part.charCodeAt(0);
  });
}

/** Bytes that a text stands for, or undefined when it is none of the known forms. */
function bytesOfText(text: string): Uint8Array | undefined {
  if (text.trim() === '') return undefined;
  const plain = text.replace(/0[xX](?=[0-9a-fA-F])|\\x/g, ' ').replace(/[\s:,;{}[\]"'-]+/g, '');
  return (
    (/^\s*0{4,16}:?\s/.test(text) ? fromDump(text) : undefined) ??
    (plain === '' ? undefined : fromHex(plain)) ??
    fromArray(text) ??
    fromAppleData(text) ??
    fromPython(text) ??
    fromBase64(text)
  );
}

/** Bytes of an input that may hold text or be the bytes themselves. */
export function bytesOfInput(input: Uint8Array | string): Uint8Array | undefined {
  if (typeof input === 'string') return bytesOfText(input);
  const text = utf8(input);
  // Binary frames hold zero bytes nearly always; text never does.
  return text === undefined || text.includes('\u0000') ? input : (bytesOfText(text) ?? input);
}
