import type { TopicLookup } from '../core/dialect.ts';
import type { Content, Item } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { ANY_WIDTH, addBrief, type Commands, type CompiledCommand } from './interpret.ts';

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
 * The line of a frame without its fields, value by value: the same label and info as `interpret` gives, for a fraction of the
 * work, since only the values that the line shows are read.
 */
class LineBuilder {
  private readonly command: CompiledCommand;
  private readonly names: TopicLookup;
  private readonly briefs: (string[] | undefined)[] = [];
  private readonly contents: Content[] = [];
  private token: Uint8Array | undefined = undefined;
  /** Bit set over the numbers of the rows: no command has more than 32 fields that Apple's client knows. */
  private seen = 0;

  constructor(command: CompiledCommand, names: TopicLookup) {
    this.command = command;
    this.names = names;
  }

  /** Takes the value `b[from, to)` of a field; `start` is its place in the frame. False when `interpret` has to look. */
  add(id: number | string, b: Uint8Array, from: number, to: number, start: number): boolean {
    const row = this.command.byId.get(id);
    if (row === undefined || row.foreign) return false;
    const bit = row.bit;
    if (bit === 0 || ((this.seen & bit) !== 0 && row.def.repeated !== true)) return false;
    this.seen |= bit;
    if (row.slot < 0 && !row.isContent && !row.isToken && (row.width === ANY_WIDTH || row.width === to - from)) return true;
    const value = from === 0 && to === b.length ? b : b.subarray(from, to);
    if (row.isContent) this.contents.push({ bytes: value, start, field: row.filter });
    if (row.isToken) this.token ??= value;
    if (row.slot < 0 && (row.width === ANY_WIDTH || row.width === value.length)) return true;
    const reading = row.read(value, undefined, this.names);
    if (reading.problem !== undefined) return false;
    addBrief(this.briefs, row.slot, reading);
    return true;
  }

  /** The line, or undefined when a required field is missing. */
  line(): FrameLine | undefined {
    const { command, contents, token } = this;
    if ((this.seen & command.requiredBits) !== command.requiredBits) return undefined;
    return { command: command.name, label: command.def.label, info: command.summary.text(this.briefs), contents, token };
  }
}

/** A builder for a command whose frames may have a line; those that compare their fields are left to `interpret`. */
function builder(commands: Commands, command: number, dir: Dir, names: TopicLookup): LineBuilder | undefined {
  const found = commands.find(command, dir);
  return found === undefined || found.foreign || found.comparesLengths ? undefined : new LineBuilder(found, names);
}

/** The line of a frame that is cut into items. Undefined for every frame that `interpret` has a note for, or may have one; it decides then. */
export function frameLine(
  commands: Commands,
  command: number,
  dir: Dir,
  items: readonly Item[],
  names: TopicLookup,
): FrameLine | undefined {
  const line = builder(commands, command, dir, names);
  if (line === undefined) return undefined;
  for (let i = 0; i < items.length; i++) {
    const { id, kind, value, at } = items[i];
    if (kind !== 'leaf' || at === undefined || !(value instanceof Uint8Array)) return undefined;
    if (!line.add(id, value, 0, value.length, Math.max(at.start, at.end - value.length))) return undefined;
  }
  return line.line();
}

/** The same for at most `most` items (id u8, length u16 big-endian, value) that tile `b[start, end)`, without making them; values are views of `b`. */
export function tiledLine(
  commands: Commands,
  command: number,
  dir: Dir,
  b: Uint8Array,
  start: number,
  end: number,
  most: number,
  names: TopicLookup,
): FrameLine | undefined {
  const line = builder(commands, command, dir, names);
  if (line === undefined) return undefined;
  let at = start;
  for (let n = 0; n < most && at + 3 <= end; n++) {
    const value = at + 3;
    const next = value + ((b[at + 1] << 8) | b[at + 2]);
    if (next > end || !line.add(b[at], b, value, next, value)) return undefined;
    at = next;
  }
  return at === end ? line.line() : undefined;
}
