import type { TopicLookup } from '../core/dialect.ts';
import type { Content, Item } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { ANY_WIDTH, type Commands } from './interpret.ts';

/** What a list shows of a frame in which nothing is wrong. */
export interface FrameLine {
  readonly command: string;
  readonly label: string;
  readonly info: string;
  /** Its payload fields, in their order. */
  readonly contents: readonly Content[];
  readonly token: Uint8Array | undefined;
}

/**
 * The line of a frame without its fields: the same label and info as `interpret` gives, for a fraction of the work, since only
 * the values that the line shows are read.
 *
 * Undefined for every frame that `interpret` has a note for, or may have one; it decides then.
 */
export function frameLine(
  commands: Commands,
  command: number,
  dir: Dir,
  items: readonly Item[],
  names: TopicLookup,
): FrameLine | undefined {
  const found = commands.find(command, dir);
  if (found === undefined || found.foreign || found.comparesLengths) return undefined;
  const briefs = new Map<string, string[]>();
  const contents: Content[] = [];
  let token: Uint8Array | undefined;
  // Bit sets over the numbers of the rows: no command has more than 32 fields that Apple's client knows.
  let seen = 0;
  for (let i = 0; i < items.length; i++) {
    const { id, kind, value, at } = items[i];
    const row = found.byId.get(id);
    if (row === undefined || row.foreign || kind !== 'leaf' || at === undefined || !(value instanceof Uint8Array)) return undefined;
    const bit = row.bit;
    if (bit === 0 || ((seen & bit) !== 0 && row.def.repeated !== true)) return undefined;
    seen |= bit;
    if (row.isContent) contents.push({ bytes: value, start: Math.max(at.start, at.end - value.length), field: row.filter });
    if (row.isToken) token ??= value;
    if (!row.inLine && (row.width === ANY_WIDTH || row.width === value.length)) continue;
    const reading = row.read(value, undefined, names);
    if (reading.problem !== undefined) return undefined;
    if (!row.inLine) continue;
    const brief = reading.brief ?? reading.text;
    const others = briefs.get(row.name);
    if (others === undefined) briefs.set(row.name, [brief]);
    else others.push(brief);
  }
  if ((seen & found.requiredBits) !== found.requiredBits) return undefined;
  return { command: found.name, label: found.def.label, info: found.summary.text(briefs), contents, token };
}
