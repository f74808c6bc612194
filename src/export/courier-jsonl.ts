import { DIALECT } from '../core/message.ts';
import { utf8Bytes } from '../core/text.ts';
import { Phrase, type TextBytes } from '../core/text-bytes.ts';
import { COURIER } from '../schema/courier.ts';
import { type CommandDef, type FieldDef, goes, idIn } from '../schema/definition.ts';
import { FLAG_ID, FLAG_UNTIMED, SEVERITY_SHIFT } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { RecordHead } from './record-head.ts';
import { RowReader } from './row-bytes.ts';

/*
 * The JSON record of a clean unpacked courier message, written as bytes without decoding it to objects: what
 * `jsonRecord` would write, five times faster. Whatever is not plain (a note would be needed, a type that takes more
 * than copying) is left to `jsonRecord`; a property test holds both against each other.
 */

const KIND = { uint: 1, hex: 2, text: 3, payload: 4 } as const;

interface FieldPlan {
  /** What stands before the value: a comma, the key, the quote where the value has some. */
  readonly before: Phrase;
  /** The same before the first of several values. */
  readonly beforeFirst: Phrase;
  readonly kind: number;
  /** Bytes that the value must have; 0 = any. */
  readonly width: number;
  readonly repeated: boolean;
  /** Bit of a required field in the command's mask. */
  readonly bit: number;
}

interface CommandPlan {
  readonly name: Uint8Array;
  readonly byId: readonly (FieldPlan | undefined)[];
  readonly required: number;
}

const ID = new Phrase(',"id":');
const STATUS = new Phrase(',"status":');
/** The comma before the first field becomes the bracket. */
const FIELDS = new Phrase(',"fields":');
const OPEN = 0x7b;
const END = new Phrase('}}\n');
const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE_LIST = 0x5d;

function fieldPlan(name: string, def: FieldDef, bit: number): FieldPlan | undefined {
  const { type } = def;
  if (def.privacy === 'credential' || def.lengthOf !== undefined) return undefined;
  const plan = (kind: number, width: number): FieldPlan => {
    const quote = kind === KIND.hex || kind === KIND.text ? '"' : '';
    const key = `,${JSON.stringify(name)}:`;
    return {
      before: new Phrase(key + quote),
      beforeFirst: new Phrase(`${key}[${quote}`),
      kind,
      width,
      repeated: def.repeated === true,
      bit,
    };
  };
  switch (type.kind) {
    case 'uint':
      return plan(KIND.uint, type.width);
    case 'bytes':
    case 'token':
      return plan(KIND.hex, type.length ?? 0);
    case 'topic':
      return type.salted === true ? undefined : plan(KIND.hex, 20);
    case 'text':
      return plan(KIND.text, 0);
    case 'payload':
      return plan(KIND.payload, 0);
    default:
      return undefined;
  }
}

function commandPlan(name: string, def: CommandDef, dir: 0 | 1): CommandPlan {
  const byId: (FieldPlan | undefined)[] = [];
  let required = 0;
  let bits = 0;
  for (const [key, field] of Object.entries(def.fields)) {
    const id = idIn(field, dir);
    const bit = field.required ? 1 << bits++ : 0;
    required |= bit;
    if (id !== undefined) byId[id] = fieldPlan(key, field, bit);
  }
  return { name: utf8Bytes(`,"dialect":"courier","message":${JSON.stringify(name)},"size":`), byId, required };
}

/** Messages with more fields than this repeat something. */
const SEEN_FIELDS = 64;

export class CourierJsonl {
  private readonly timeline: Timeline;
  private readonly out: TextBytes;
  private readonly plans: (CommandPlan | null | undefined)[] = [];
  private readonly head: RecordHead;
  private readonly reader: RowReader;
  /** Call in which a field was last seen. */
  private readonly seen = new Float64Array(256);
  private call = 0;

  constructor(timeline: Timeline, out: TextBytes) {
    this.timeline = timeline;
    this.out = out;
    this.reader = new RowReader(timeline);
    this.head = new RecordHead(timeline, out);
  }

  /** Writes the record and its newline; false (and nothing written) when it is not a plain courier message. */
  write(row: number): boolean {
    const columns = this.timeline.rows.columns;
    const type = columns.type(row);
    if (type >>> 8 !== DIALECT.courier) return false;
    const flags = columns.flags(row);
    if (flags >>> SEVERITY_SHIFT !== 0) return false;
    const dir = columns.dir(row);
    const plan = this.plan(type & 0xff, dir);
    if (plan === null) return false;
    const length = columns.length(row);
    const bytes = length < 5 ? undefined : this.reader.read(row);
    if (bytes === undefined) return false;
    const out = this.out;
    const mark = out.length;
    this.head.write(row, (flags & FLAG_UNTIMED) === 0);
    out.bytes(plan.name);
    out.number(length);
    this.head.topic(row);
    if ((flags & FLAG_ID) !== 0) {
      out.phrase(ID);
      out.number(columns.id(row) as number);
    }
    const status = columns.status(row);
    if (status >= 0) {
      out.phrase(STATUS);
      out.number(status);
    }
    out.phrase(FIELDS);
    if (this.fields(plan, bytes, length)) {
      out.phrase(END);
      return true;
    }
    out.length = mark;
    return false;
  }

  private plan(command: number, dir: 0 | 1): CommandPlan | null {
    const key = command * 2 + dir;
    let plan = this.plans[key];
    if (plan === undefined) {
      const found = Object.entries(COURIER as Record<string, CommandDef>).find(([, def]) => def.id === command && goes(def, dir));
      plan = found === undefined ? null : commandPlan(found[0], found[1], dir);
      this.plans[key] = plan;
    }
    return plan;
  }

  private fields(plan: CommandPlan, b: Uint8Array, length: number): boolean {
    const out = this.out;
    const { seen } = this;
    const call = ++this.call;
    const from = out.length;
    let found = 0;
    let count = 0;
    let open = -1;
    for (let at = 5; at < length; ) {
      if (at + 3 > length) return false;
      const id = b[at];
      const start = at + 3;
      const end = start + ((b[at + 1] << 8) | b[at + 2]);
      const field = plan.byId[id];
      if (end > length || field === undefined || (field.width !== 0 && end - start !== field.width)) return false;
      at = end;
      if (open !== id) {
        if (seen[id] === call || ++count > SEEN_FIELDS) return false;
        seen[id] = call;
        if (open >= 0) out.byte(CLOSE_LIST);
        open = field.repeated && at < length && b[at] === id ? id : -1;
        out.phrase(open < 0 ? field.before : field.beforeFirst);
      } else {
        out.byte(COMMA);
        if (field.kind === KIND.hex || field.kind === KIND.text) out.byte(QUOTE);
      }
      found |= field.bit;
      if (!this.value(field.kind, b, start, end)) return false;
    }
    if (open >= 0) out.byte(CLOSE_LIST);
    if (out.length === from) out.byte(OPEN);
    else out.replace(from, OPEN);
    return (found & plan.required) === plan.required;
  }

  /** Writes a value behind its opening quote, where it has one. */
  private value(kind: number, b: Uint8Array, start: number, end: number): boolean {
    const out = this.out;
    switch (kind) {
      case KIND.uint:
        out.unsigned(b, start, end - start);
        return true;
      case KIND.hex:
        out.hex(b, start, end);
        out.byte(QUOTE);
        return true;
      case KIND.text:
        for (let i = start; i < end; i++) {
          const c = b[i];
          if (c < 0x20 || c === 0x22 || c === 0x5c || c > 0x7e) return false;
        }
        out.range(b, start, end);
        out.byte(QUOTE);
        return true;
      default: {
        const payload = b.subarray(start, end);
        if (!this.timeline.decoders.isJsonLine(payload, 0, payload.length)) return false;
        out.bytes(payload);
        return true;
      }
    }
  }
}
