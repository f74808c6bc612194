import { u16, u32 } from '../core/bytes.ts';
import type { TopicLookup } from '../core/dialect.ts';
import type { Glance } from '../core/glance.ts';
import type { Dir } from '../core/stream.ts';
import { printable, utf8Bytes } from '../core/text.ts';
import type { TextBytes } from '../core/text-bytes.ts';
import { isoTime } from '../core/time.ts';
import { ANY_WIDTH, type Commands, type CompiledCommand, type CompiledField } from './interpret.ts';
import type { Piece } from './summary.ts';
import { TOPIC_BYTES, TopicTexts } from './topic-texts.ts';

/*
 * The line of a frame as bytes, straight from the bytes of its fields: what `tiledLine` gives, without values, texts and the
 * object that holds them. Each command has a plan, made from its row of the schema at first use.
 */

/** How the short text of a field is written. `read`: by the reader of its type. */
const FORM = { number: 0, flags: 1, seconds: 2, topic: 3, hex: 4, ascii: 5, read: 6 } as const;

/** Opaque bytes in a line: all of them, or the first and last four of as many as `plainReading` looks at. */
const SHORT_HEX_BYTES = 10;
const HEX_END = 4;
const HEX_BYTES = 32;
/** `BRIEF_LENGTH` of `values.ts`; texts up to it are written as they are. */
const BRIEF_ASCII = 48;

const JOINT = utf8Bytes(', ');
const ELLIPSIS = utf8Bytes('…');

interface FieldPlan {
  readonly row: CompiledField;
  readonly form: number;
  /** Names of values, as bytes. */
  readonly names: ReadonlyMap<number, Uint8Array> | undefined;
  /** The unit behind a number. */
  readonly suffix: Uint8Array;
}

/** Fixed words (`slot` -1), or what a field tells. */
interface BytePiece {
  readonly words: Uint8Array;
  readonly slot: number;
  readonly form: '' | '#' | '*';
}
const NO_WORDS = new Uint8Array(0);

interface Plan {
  readonly label: string;
  readonly byId: readonly (FieldPlan | undefined)[];
  /** The plan of each slot of the summary. */
  readonly bySlot: readonly (FieldPlan | undefined)[];
  readonly requiredBits: number;
  readonly templates: readonly (readonly BytePiece[])[];
}

function formOf({ def: { type, names, flags } }: CompiledField): number {
  switch (type.kind) {
    case 'uint':
      if (type.width === 8) return FORM.read;
      if (flags !== undefined) return names === undefined ? FORM.flags : FORM.read;
      if (type.time !== true) return FORM.number;
      return (type.unit ?? 's') === 's' && names === undefined ? FORM.seconds : FORM.read;
    case 'topic':
      return FORM.topic;
    case 'bytes':
    case 'token':
      return FORM.hex;
    case 'text':
      return FORM.ascii;
    default:
      return FORM.read;
  }
}

function fieldPlan(row: CompiledField): FieldPlan {
  const { type, names } = row.def;
  return {
    row,
    form: formOf(row),
    names: names === undefined ? undefined : new Map(Object.entries(names).map(([n, name]) => [Number(n), utf8Bytes(printable(name))])),
    suffix: utf8Bytes(type.kind === 'uint' && type.unit !== undefined ? ` ${type.unit}` : ''),
  };
}

const bytePiece = (piece: Piece): BytePiece =>
  typeof piece === 'string'
    ? { words: utf8Bytes(printable(piece)), slot: -1, form: '' }
    : { words: NO_WORDS, slot: piece.slot, form: piece.form };

/** The plan of a command whose frames may have one; as for `tiledLine`, those that compare their fields have none. */
function planOf(command: CompiledCommand): Plan | undefined {
  if (command.foreign || command.comparesLengths) return undefined;
  const byId: (FieldPlan | undefined)[] = [];
  const bySlot: (FieldPlan | undefined)[] = command.summary.names.map(() => undefined);
  for (const [id, row] of command.byId) {
    if (typeof id !== 'number' || row.foreign || row.bit === 0) continue;
    const plan = fieldPlan(row);
    byId[id] = plan;
    if (row.slot >= 0) bySlot[row.slot] = plan;
  }
  return {
    label: command.def.label,
    byId,
    bySlot,
    requiredBits: command.requiredBits,
    templates: command.summary.templates.map((template) => template.map(bytePiece)),
  };
}

/** No command has more than 32 fields, and a summary shows no field twice. */
const SLOTS = 32;

/** Writes the lines of one dialect's frames. */
export class LineBytes {
  private readonly commands: Commands;
  private readonly plans: (Plan | null | undefined)[] = [];
  private readonly topics = new TopicTexts();
  /** First value of each slot, and how often it stands. */
  private readonly starts = new Int32Array(SLOTS);
  private readonly ends = new Int32Array(SLOTS);
  private readonly counts = new Int32Array(SLOTS);
  private second = -1;
  private secondText: Uint8Array = new Uint8Array(0);

  constructor(commands: Commands) {
    this.commands = commands;
  }

  /**
   * Fills `glance` for a frame of at most `most` items (id u8, length u16 big-endian, value) that tile `b[start, end)`. False
   * when `interpret` has to look.
   */
  tiled(command: number, dir: Dir, b: Uint8Array, start: number, end: number, most: number, names: TopicLookup, glance: Glance): boolean {
    const plan = this.plan(command, dir);
    if (plan === null) return false;
    const { byId } = plan;
    const { counts, starts, ends } = this;
    for (let slot = plan.bySlot.length - 1; slot >= 0; slot--) counts[slot] = 0;
    let seen = 0;
    let at = start;
    for (let n = 0; n < most && at + 3 <= end; n++) {
      const field = byId[b[at]];
      const from = at + 3;
      const next = from + u16(b, at + 1);
      if (field === undefined || next > end) return false;
      const { row } = field;
      if ((seen & row.bit) !== 0 && row.def.repeated !== true) return false;
      seen |= row.bit;
      if (row.width !== ANY_WIDTH && row.width !== next - from && !this.right(field, b, from, next, names)) return false;
      if (row.isContent && !glance.addContent(from, next, row.filter)) return false;
      if (row.isToken && glance.tokenEnd === 0) {
        glance.tokenFrom = b;
        glance.tokenStart = from;
        glance.tokenEnd = next;
      }
      const { slot } = row;
      if (slot >= 0 && counts[slot]++ === 0) {
        starts[slot] = from;
        ends[slot] = next;
      }
      at = next;
    }
    if (at !== end || (seen & plan.requiredBits) !== plan.requiredBits) return false;
    glance.label = plan.label;
    return this.line(plan, b, names, glance.info);
  }

  private plan(command: number, dir: Dir): Plan | null {
    const key = (command << 1) | dir;
    let plan = this.plans[key];
    if (plan === undefined) {
      const found = this.commands.find(command, dir);
      plan = (found === undefined ? undefined : planOf(found)) ?? null;
      this.plans[key] = plan;
    }
    return plan;
  }

  /** Whether a value whose width says nothing is right. */
  private right(field: FieldPlan, b: Uint8Array, from: number, to: number, names: TopicLookup): boolean {
    if (field.form === FORM.ascii && isAscii(b, from, to)) return true;
    return field.row.read(b.subarray(from, to), undefined, names).problem === undefined;
  }

  private line(plan: Plan, b: Uint8Array, names: TopicLookup, out: TextBytes): boolean {
    const { counts } = this;
    const { templates } = plan;
    for (let t = 0; t < templates.length; t++) {
      const template = templates[t];
      let all = true;
      for (let i = 0; i < template.length; i++) if (template[i].slot >= 0 && counts[template[i].slot] === 0) all = false;
      if (!all) continue;
      const start = out.length;
      if (start > 0) out.bytes(JOINT);
      const from = out.length;
      for (let i = 0; i < template.length; i++) {
        const { words, slot, form } = template[i];
        if (slot < 0) out.bytes(words);
        else if (form === '#') out.number(counts[slot]);
        else {
          if (form === '*' && counts[slot] > 1) return false;
          this.value(plan.bySlot[slot] as FieldPlan, b, this.starts[slot], this.ends[slot], names, out);
        }
      }
      if (out.length === from) out.length = start;
    }
    return true;
  }

  /** Writes the short text of a value that is right. */
  private value(field: FieldPlan, b: Uint8Array, from: number, to: number, names: TopicLookup, out: TextBytes): void {
    switch (field.form) {
      case FORM.number: {
        const n = to - from === 4 ? u32(b, from) : to - from === 2 ? u16(b, from) : b[from];
        const name = field.names?.get(n);
        if (name !== undefined) {
          out.bytes(name);
          return;
        }
        out.number(n);
        out.bytes(field.suffix);
        return;
      }
      case FORM.flags: {
        const n = to - from === 4 ? u32(b, from) : to - from === 2 ? u16(b, from) : b[from];
        out.ascii(`0x${n.toString(16)}`);
        return;
      }
      case FORM.seconds:
        this.time(to - from === 4 ? u32(b, from) : to - from === 2 ? u16(b, from) : b[from], out);
        return;
      case FORM.topic:
        if (to - from !== TOPIC_BYTES) break;
        out.bytes(this.topics.text(b, from, names, (topic, lookup) => brief(field, topic, lookup)));
        return;
      case FORM.hex: {
        const last = Math.min(to, from + HEX_BYTES);
        if (last - from <= SHORT_HEX_BYTES) out.hex(b, from, last);
        else {
          out.hex(b, from, from + HEX_END);
          out.bytes(ELLIPSIS);
          out.hex(b, last - HEX_END, last);
        }
        return;
      }
      case FORM.ascii:
        if (to - from > BRIEF_ASCII || !isAscii(b, from, to)) break;
        out.range(b, from, to);
        return;
    }
    out.text(printable(brief(field, b.subarray(from, to), names)));
  }

  /** Many messages of a run expire at the same time. */
  private time(seconds: number, out: TextBytes): void {
    if (seconds !== this.second) {
      this.second = seconds;
      this.secondText = utf8Bytes(isoTime(seconds, 0, 0));
    }
    out.bytes(this.secondText);
  }
}

function brief(field: FieldPlan, value: Uint8Array, names: TopicLookup): string {
  const reading = field.row.read(value, undefined, names);
  return reading.brief ?? reading.text;
}

function isAscii(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b[i] < 0x20 || b[i] > 0x7e) return false;
  return true;
}
