import { type ByteWriter, u16, u32 } from '../core/bytes.ts';
import { BROKEN, type Cells, NEED } from '../core/dialect.ts';
import type { Item } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { type CommandDef, type CommandTable, goes, type Part } from '../schema/definition.ts';
import { COLUMN, columnOf, fixedWidth, SEVERITY } from './columns.ts';
import { itemBytes, leaf } from './wire-syntax.ts';

// Local names: a property or an import looked up per field would be seen in the time of the index.
const { id: ID, topic: TOPIC, token: TOKEN, status: STATUS } = COLUMN;

const TAKE = 0;
const PREFIX = 1;
const LIST = 2;

/** One part of a layout, ready to walk. */
interface Step {
  readonly kind: typeof TAKE | typeof PREFIX | typeof LIST;
  /** TAKE: bytes of the value. PREFIX: bytes of the length. */
  readonly n: number;
  readonly id: number;
  /** Width that the value should have; 0 when it may vary. */
  readonly width: number;
  readonly column: number;
}

type Layout = readonly Step[];

/** What cutting a frame gave: where it stopped, and by which layout. */
export interface Cut {
  readonly stop: number;
  readonly layout: number;
  readonly complete: boolean;
}

function compileStep(def: CommandDef, part: Part): Step {
  const field = def.fields[part.field];
  const base = { id: field.id as number, width: fixedWidth(field.type), column: columnOf(field.role) };
  if ('take' in part) return { ...base, kind: TAKE, n: part.take };
  return 'prefix' in part ? { ...base, kind: PREFIX, n: part.prefix } : { ...base, kind: LIST, n: 0 };
}

/**
 * Frames without field ids, cut by the layouts of the schema: fixed bytes, values after a length, and lists whose count and
 * size are the two numbers directly before them. Serves the gateway's commands 0, 1 and 8, feedback, and iOS 4.
 */
export class Layouts {
  /** Bytes before the first part: 1 for a command byte, 0 when the dialect has none. */
  readonly header: number;
  private readonly limit: number;
  private readonly byCommand: readonly ReadonlyMap<number, readonly Layout[]>[];

  /** `limit`: longest value or list that is taken for one. */
  constructor(table: CommandTable, header: 0 | 1, limit: number) {
    this.header = header;
    this.limit = limit;
    this.byCommand = ([0, 1] as const).map((dir) => {
      const layouts = new Map<number, readonly Layout[]>();
      for (const def of Object.values(table)) {
        if (def.layouts === undefined || !goes(def, dir)) continue;
        layouts.set(
          def.id,
          def.layouts.map((parts) => parts.map((part) => compileStep(def, part))),
        );
      }
      return layouts;
    });
  }

  has(dir: Dir, command: number): boolean {
    return this.byCommand[dir].has(command);
  }

  /** Number of layouts that the sources give for a command. */
  variants(dir: Dir, command: number): number {
    return this.byCommand[dir].get(command)?.length ?? 0;
  }

  /** Whether a command is known at all, in whichever direction. */
  layoutsOf(dir: Dir, command: number): readonly Layout[] {
    return this.byCommand[dir].get(command) ?? this.byCommand[dir === 0 ? 1 : 0].get(command) ?? [];
  }

  /** Length of the frame of a known command, NEED or BROKEN; `start` is the frame's first byte. */
  measure(dir: Dir, command: number, buf: Uint8Array, start: number, end: number): number {
    const layouts = this.byCommand[dir].get(command);
    if (layouts === undefined) return BROKEN;
    let answer = BROKEN;
    for (let n = 0; n < layouts.length; n++) {
      const length = this.walk(layouts[n], buf, start, end, layouts.length > 1);
      if (length > 0) return length;
      if (length === NEED) answer = NEED;
    }
    return answer === BROKEN && layouts.length > 1 ? this.walk(layouts[0], buf, start, end, false) : answer;
  }

  /** `strict`: values with a fixed width must have it, so that one of several layouts can be told by its fit. */
  private walk(layout: Layout, buf: Uint8Array, start: number, end: number, strict: boolean): number {
    let at = start + this.header;
    for (let i = 0; i < layout.length; i++) {
      const step = layout[i];
      if (step.kind === TAKE) {
        at += step.n;
        continue;
      }
      let length: number;
      if (step.kind === PREFIX) {
        if (at + step.n > end) return NEED;
        length = step.n === 2 ? u16(buf, at) : u32(buf, at);
        at += step.n;
        if (strict && step.width !== 0 && length !== step.width) return BROKEN;
      } else {
        if (at > end) return NEED;
        const size = u32(buf, at - 4);
        const times = u32(buf, at - 8);
        if (size === 0 && times > 0) return BROKEN;
        length = size * times;
      }
      if (length > this.limit) return BROKEN;
      at += length;
    }
    return at - start;
  }

  /** Cuts a whole frame into items, as far as it goes. */
  cut(dir: Dir, command: number, bytes: Uint8Array, items: Item[]): Cut {
    const layouts = this.layoutsOf(dir, command);
    let chosen = 0;
    if (layouts.length > 1) {
      const fits = layouts.findIndex((layout) => this.walk(layout, bytes, 0, bytes.length, true) === bytes.length);
      chosen = Math.max(0, fits);
    }
    const layout = layouts[chosen] ?? [];
    const end = bytes.length;
    let at = Math.min(this.header, end);
    for (const step of layout) {
      if (step.kind === LIST) {
        const size = u32(bytes, at - 4);
        const times = u32(bytes, at - 8);
        // A size of 0 would make any number of empty items; it is left in the rest.
        for (let n = 0; size > 0 && n < times; n++) {
          if (at + size > end) return { stop: at, layout: chosen, complete: false };
          items.push(leaf(step.id, bytes.slice(at, at + size), at, at + size));
          at += size;
        }
        continue;
      }
      const from = step.kind === PREFIX ? at + step.n : at;
      if (from > end) return { stop: at, layout: chosen, complete: false };
      const next = from + (step.kind === TAKE ? step.n : step.n === 2 ? u16(bytes, at) : u32(bytes, at));
      if (next > end) return { stop: at, layout: chosen, complete: false };
      items.push(leaf(step.id, bytes.slice(from, next), at, next));
      at = next;
    }
    return { stop: at, layout: chosen, complete: layouts.length > 0 };
  }

  /** Writes items as the layout has them; values of fixed parts and list elements go out as they are. */
  print(dir: Dir, command: number, layout: number, items: readonly Item[], out: ByteWriter): void {
    const steps = this.layoutsOf(dir, command)[layout] ?? [];
    for (const item of items) {
      const value = itemBytes(item);
      const step = steps.find((candidate) => candidate.id === item.id);
      if (step?.kind === PREFIX) {
        if (step.n === 2) out.u16(value.length);
        else out.u32(value.length);
      }
      out.bytes(value);
    }
  }

  /**
   * Items in the order of a layout with nothing missing: absent values are empty or zero, and the count and size of a list
   * follow its elements. For frames that are built from names.
   */
  complete(dir: Dir, command: number, layout: number, items: readonly Item[]): Item[] {
    const steps = this.layoutsOf(dir, command)[layout] ?? [];
    const out: Item[] = [];
    steps.forEach((step, i) => {
      const given = items.filter((item) => item.id === step.id);
      if (step.kind === LIST || given.length > 0) {
        out.push(...given);
        return;
      }
      const list = steps[i + 1]?.kind === LIST ? steps[i + 1] : steps[i + 2]?.kind === LIST ? steps[i + 2] : undefined;
      const value = new Uint8Array(step.kind === TAKE ? step.n : 0);
      if (list !== undefined && step.kind === TAKE) {
        const elements = items.filter((item) => item.id === list.id);
        const isSize = steps[i + 1] === list;
        const n = isSize ? (elements.length > 0 ? itemBytes(elements[0]).length : list.width) : elements.length;
        new DataView(value.buffer).setUint32(0, n);
      }
      out.push({ id: step.id, value, kind: 'leaf', at: undefined });
    });
    return out;
  }

  /** Fills the cells of a complete frame. Allocates nothing. */
  fill(dir: Dir, command: number, buf: Uint8Array, start: number, end: number, cells: Cells): void {
    const layouts = this.byCommand[dir].get(command);
    if (layouts === undefined) {
      cells.severity = SEVERITY.note;
      return;
    }
    let layout = layouts[0];
    for (let n = 0; layouts.length > 1 && n < layouts.length; n++) {
      if (this.walk(layouts[n], buf, start, end, true) === end - start) {
        layout = layouts[n];
        break;
      }
    }
    if (layouts.length > 1) cells.severity = SEVERITY.note;
    let at = start + this.header;
    for (let i = 0; i < layout.length; i++) {
      const step = layout[i];
      let from = at;
      let next: number;
      if (step.kind === LIST) next = at + u32(buf, at - 4) * u32(buf, at - 8);
      else if (step.kind === TAKE) next = at + step.n;
      else {
        from = at + step.n;
        next = from <= end ? from + (step.n === 2 ? u16(buf, at) : u32(buf, at)) : end + 1;
      }
      if (next > end) {
        cells.severity = SEVERITY.error;
        return;
      }
      if (step.kind !== LIST && step.width !== 0 && next - from !== step.width) cells.severity = SEVERITY.warn;
      setColumn(step.column, buf, from, next, cells);
      at = next;
    }
  }
}

/** Puts a value into the column that its field fills. */
function setColumn(column: number, buf: Uint8Array, from: number, to: number, cells: Cells): void {
  if (column === ID) {
    cells.id = u32(buf, from);
    cells.hasId = true;
  } else if (column === TOPIC) {
    cells.topicStart = from;
    cells.topicEnd = to;
  } else if (column === TOKEN) {
    cells.tokenStart = from;
    cells.tokenEnd = to;
  } else if (column === STATUS) cells.status = buf[from];
}
