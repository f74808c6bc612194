import { shortHex } from '../core/text.ts';

/** Shorter values stand in texts by chance: badges, counts, ports. */
const SHORTEST = 4;
/** Characters before an ellipsis that are compared with the beginning of a value: info lines cut values at 64. */
const LONGEST_CUT = 256;
/** Texts that say how large a value is, not what it is. */
const SIZE = /^(empty|[\d,.]+ (bytes?|characters?|keys?|elements?))$/;

const isWord = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}]/u.test(c);

/**
 * The secret values of one message and what stands for them, to take them out of other texts of it: info lines, paths, notes.
 *
 * Only whole values are replaced: never inside a longer word or run of hex digits. A value that a line shows cut, ended by an
 * ellipsis, counts as whole when what is left of it begins a word.
 */
export class SecretTexts {
  private readonly names = new Map<string, string>();

  add(text: string, name: string): void {
    if (text.length >= SHORTEST && !SIZE.test(text)) this.names.set(text, name);
  }

  /** Hex digits as they are shown: in either case, and shortened to their ends. */
  addHex(hex: string, name: string): void {
    this.add(hex, name);
    this.add(hex.toUpperCase(), name);
    this.add(shortHex(hex), name);
  }

  replace(text: string): string {
    const inside = [...this.names].filter(([value]) => text.includes(value));
    const out = inside.length === 0 ? text : this.withoutWhole(text, inside);
    return out.includes('…') ? this.withoutCut(out) : out;
  }

  /** One pass from left to right, so that no replacement is replaced again; of values that begin at one place the longest. */
  private withoutWhole(text: string, values: readonly (readonly [string, string])[]): string {
    let out = '';
    for (let at = 0; at < text.length; ) {
      let best: readonly [string, string] | undefined;
      for (const entry of values) if (entry[0].length > (best?.[0].length ?? 0) && stands(text, at, entry[0])) best = entry;
      out += best === undefined ? text[at] : best[1];
      at += best === undefined ? 1 : best[0].length;
    }
    return out;
  }

  private withoutCut(text: string): string {
    let out = '';
    let from = 0;
    for (let at = text.indexOf('…'); at >= 0; at = text.indexOf('…', at + 1)) {
      for (let start = Math.max(from, at - LONGEST_CUT); start <= at - SHORTEST; start++) {
        if (start > 0 && isWord(text[start - 1]) && isWord(text[start])) continue;
        const name = this.begins(text.slice(start, at));
        if (name === undefined) continue;
        out += `${text.slice(from, start)}${name}`;
        from = at + 1;
        break;
      }
    }
    return from === 0 ? text : out + text.slice(from);
  }

  private begins(cut: string): string | undefined {
    for (const [value, name] of this.names) if (value.length > cut.length && value.startsWith(cut)) return name;
    return undefined;
  }
}

/** Whether `value` stands at `at` as a whole word, or as whole words. */
function stands(text: string, at: number, value: string): boolean {
  if (!text.startsWith(value, at)) return false;
  const end = at + value.length;
  return !(isWord(text[at - 1]) && isWord(value[0])) && !(isWord(text[end]) && isWord(value[value.length - 1]));
}
