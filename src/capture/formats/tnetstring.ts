import type { Source } from '../source.ts';

/** Bytes read at once around a position that is looked at. */
const WINDOW = 64 * 1024;
/** Digits of a length: more than a terabyte is no length. */
const LENGTH_DIGITS = 12;
const COLON = 58;

/** Type characters of tnetstrings that are read here. */
export const TNET = { bytes: 44, text: 59, integer: 35, float: 94, boolean: 33, nothing: 126, list: 93, dict: 125 } as const;
const TYPES = new Set<number>(Object.values(TNET));

/** One element: its payload is [start, end) in positions of the source, its type character is at `end`. */
export interface Element {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Walks typed netstrings (`length:payload` and a type character) in place, by position, without loading them:
 * an element may be as large as the file. Lengths are checked against what holds the element; nothing throws.
 * Source: tnetstrings.org, and mitmproxy's `;` for text.
 */
export class TnetReader {
  private readonly source: Source;
  private readonly window = new Uint8Array(WINDOW);
  private from = 0;
  private to = 0;

  constructor(source: Source) {
    this.source = source;
  }

  /**
   * The element at `position`, which must end at or before `limit`. `broken`: no element stands here.
   * `cut`: one begins, but its length reaches beyond `limit`.
   */
  element(position: number, limit: number): Element | 'broken' | 'cut' {
    let length = 0;
    for (let i = 0; i <= LENGTH_DIGITS; i++) {
      const c = position + i < limit ? this.byte(position + i) : -1;
      if (c < 0) return 'cut';
      if (c === COLON && i > 0) {
        const start = position + i + 1;
        if (start + length >= limit) return 'cut';
        const type = this.byte(start + length);
        return TYPES.has(type) ? { type, start, end: start + length } : 'broken';
      }
      if (c < 48 || c > 57) return 'broken';
      length = length * 10 + (c - 48);
    }
    return 'broken';
  }

  /** The elements inside a list or dictionary, in order (keys and values alternate); stops at the first broken one. */
  *inside(parent: Element): Generator<Element> {
    let position = parent.start;
    while (position < parent.end) {
      const element = this.element(position, parent.end);
      if (typeof element === 'string') return;
      yield element;
      position = element.end + 1;
    }
  }

  /** Value of a key of a dictionary, or undefined. */
  get(dict: Element | undefined, key: string): Element | undefined {
    if (dict?.type !== TNET.dict) return undefined;
    let name: Element | undefined;
    for (const element of this.inside(dict)) {
      if (name === undefined) name = element;
      else if (name.end - name.start === key.length && this.text(name) === key) return element;
      else name = undefined;
    }
    return undefined;
  }

  /** The payload as ASCII, at most 256 characters; empty for no element. */
  text(element: Element | undefined): string {
    if (!element) return '';
    let text = '';
    const end = Math.min(element.end, element.start + 256);
    for (let i = element.start; i < end; i++) text += String.fromCharCode(this.byte(i));
    return text;
  }

  private byte(position: number): number {
    if (position < this.from || position >= this.to) {
      this.from = position;
      this.to = position + this.source.read(this.window, 0, WINDOW, position);
      if (this.to === this.from) return -1;
    }
    return this.window[position - this.from];
  }
}
