import { sameBytes } from '../core/bytes.ts';
import { Glance } from '../core/glance.ts';
import { DIALECT, type Message } from '../core/message.ts';
import { utf8Bytes } from '../core/text.ts';
import type { TextBytes } from '../core/text-bytes.ts';
import { FLAG_ID, FLAG_UNTIMED } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { fieldJson, jsonRecord, type RecordOptions } from './record.ts';
import { RecordHead } from './record-head.ts';
import { RowReader } from './row-bytes.ts';

/*
 * The JSON record of a plain HTTP/2 message. A sender's messages have the same headers but for a few; so the fields of the first
 * message of a kind are kept as JSON, with places for those that differ, and later messages fill the places; its notes likewise.
 * What a kind has learned is tried on the next of its messages before it is used; whatever does not fit is left to `jsonRecord`.
 */

/** JSON that is the same in all messages of a kind, and what comes behind it: a field that differs, the payload, or nothing. */
interface Part {
  readonly json: Uint8Array;
  /** Place in `Glance.variedNames`; `PAYLOAD`, or `END`. */
  readonly next: number;
}
const PAYLOAD = -1;
const END = -2;

interface Template {
  readonly head: Uint8Array;
  readonly parts: readonly Part[];
  /** Names of what differs, as they were in the first message. */
  readonly varied: readonly string[];
  /** Messages that it was tried on. */
  trials: number;
}

/** Messages of a kind whose record must come out as `jsonRecord` has it before the template is believed. */
const TRIALS = 2;
/** Kinds that are kept; a session has some dozen. */
const KINDS = 4096;

export class Http2Jsonl {
  private readonly timeline: Timeline;
  private readonly out: TextBytes;
  private readonly options: RecordOptions;
  private readonly reader: RowReader;
  private readonly head: RecordHead;
  private readonly glance = new Glance();
  private templates = new Map<object, Template | null>();

  constructor(timeline: Timeline, out: TextBytes, options: RecordOptions) {
    this.timeline = timeline;
    this.out = out;
    this.options = options;
    this.reader = new RowReader(timeline);
    this.head = new RecordHead(timeline, out);
    this.glance.wantsVaried = true;
  }

  /** Writes the record and its newline; false (and nothing written) when it is not a plain message. */
  write(row: number): boolean {
    const { columns } = this.timeline.rows;
    if (columns.type(row) >>> 8 !== DIALECT.http2) return false;
    const aux = this.reader.aux(row);
    const bytes = this.reader.read(row);
    const { glance } = this;
    if (bytes === undefined || !this.timeline.decoders.glance(DIALECT.http2, bytes, columns.dir(row), aux, glance)) return false;
    const { kind } = glance;
    if (kind === undefined) return false;
    const template = this.templates.get(kind);
    if (template === undefined) this.learn(kind, row);
    if (template === undefined || template === null) return false;
    const start = this.out.length;
    if (!this.fill(template, row, bytes)) {
      this.out.length = start;
      return false;
    }
    if (template.trials < TRIALS) {
      template.trials++;
      const written = this.out.view().slice(start);
      this.out.length = start;
      const record = utf8Bytes(`${jsonRecord(this.timeline, row, this.options)}\n`);
      if (!sameBytes(written, record)) this.templates.set(kind, null);
      this.out.bytes(record);
    }
    return true;
  }

  private learn(kind: object, row: number): void {
    if (this.templates.size >= KINDS) this.templates = new Map();
    const names = [...this.glance.variedNames];
    this.templates.set(kind, this.templateOf(this.timeline.message(row), names) ?? null);
  }

  private templateOf(message: Message, varied: readonly string[]): Template | undefined {
    if (message.notes.length !== this.glance.notes.length) return undefined;
    const parts: Part[] = [];
    const seen = new Set<string>();
    let json = '';
    for (const field of message.fields) {
      if (seen.has(field.name)) return undefined;
      json += `${seen.size === 0 ? '' : ','}${JSON.stringify(field.name)}:`;
      seen.add(field.name);
      const next = field.payload === undefined ? varied.indexOf(field.name) : PAYLOAD;
      if (field.payload === undefined && next < 0) {
        json += fieldJson(this.timeline, field, this.options);
        continue;
      }
      parts.push({ json: utf8Bytes(json), next });
      json = '';
    }
    json += '}';
    const places = varied.length - 2 * message.notes.length;
    message.notes.forEach(({ code, severity, detail }, i) => {
      json += `${i === 0 ? ',"notes":[' : ','}{"code":${JSON.stringify(code)},"severity":"${severity}","start":`;
      parts.push({ json: utf8Bytes(json), next: places + 2 * i }, { json: utf8Bytes(',"end":'), next: places + 2 * i + 1 });
      json = `${detail === undefined ? '' : `,"detail":${JSON.stringify(detail)}`}}${i === message.notes.length - 1 ? ']' : ''}`;
    });
    parts.push({ json: utf8Bytes(`${json}}\n`), next: END });
    const head = utf8Bytes(`,"dialect":"http2","message":${JSON.stringify(message.command)},"size":`);
    return { head, parts, varied, trials: 0 };
  }

  private fill(template: Template, row: number, bytes: Uint8Array): boolean {
    const { out, glance } = this;
    const { columns } = this.timeline.rows;
    const { variedNames, variedEnds, varied } = glance;
    if (variedNames.length !== template.varied.length) return false;
    for (let i = 0; i < variedNames.length; i++) if (variedNames[i] !== template.varied[i]) return false;
    this.head.write(row, (columns.flags(row) & FLAG_UNTIMED) === 0);
    out.bytes(template.head);
    out.number(columns.length(row));
    this.head.topic(row);
    if ((columns.flags(row) & FLAG_ID) !== 0) {
      out.ascii(',"id":');
      out.number(columns.id(row) as number);
    }
    const status = columns.status(row);
    if (status >= 0) {
      out.ascii(',"status":');
      out.number(status);
    }
    out.ascii(',"fields":{');
    for (const { json, next } of template.parts) {
      out.bytes(json);
      if (next === END) return true;
      if (next === PAYLOAD) {
        if (glance.contents !== 1) return false;
        const from = glance.contentStarts[0];
        const to = glance.contentEnds[0];
        if (!this.timeline.decoders.isJsonLine(bytes, from, to)) return false;
        out.range(bytes, from, to);
      } else out.part(varied, next === 0 ? 0 : variedEnds[next - 1], variedEnds[next]);
    }
    return false;
  }
}
