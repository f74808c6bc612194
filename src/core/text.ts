/** Strings from the wire are hostile until they went through `printable`. */

// C0, DEL, C1, line and paragraph separators, bidi controls, zero-width and tag characters: none may reach a terminal.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;

/** Most texts are Latin with the quotes, dashes, dots and arrows of our own lines: the look at each character class is saved. */
const PLAIN = /^[\x20-\x7e\xa0-\u02ff\u2010-\u2027\u2190-\u21ff]*$/;

/** The text with everything that could move a cursor, colour a screen or reorder a line shown as `\n`, `\x1b`, `\u{202e}`. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\r') return '\\r';
    if (c === '\t') return '\\t';
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** UTF-8 text of the bytes, or undefined when they are not valid UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

declare class TextDecoder {
  constructor(label: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes: Uint8Array): string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

export function utf8Bytes(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** `text` cut to `max` UTF-16 units with an ellipsis. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, Math.max(0, max - 1))}…`;
}

/** Hex identifiers in lists: first and last four bytes, "8a738200…909165ce". */
export function shortHex(hex: string): string {
  return hex.length <= 20 ? hex : `${hex.slice(0, 8)}…${hex.slice(-8)}`;
}

/** A whole number with its digits in groups: "1,512,291". Intl would say the same after 30 ms of loading. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function count(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? '' : noun.endsWith('s') || noun.endsWith('h') ? 'es' : 's'}`;
}
