import { dialectByCode } from '../codec/dialects.ts';
import { toHex } from '../core/bytes.ts';
import type { TopicLookup } from '../core/dialect.ts';
import type { Glance } from '../core/glance.ts';
import type { Content, Field, Message } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { utf8, utf8Bytes } from '../core/text.ts';
import {
  decodePayload,
  isSoundJson,
  jsonSummary,
  type PayloadOptions,
  type PayloadTree,
  payloadJson,
  writeSummary,
} from '../payload/payload.ts';
import { TopicNames } from '../schema/topics.ts';
import type { Decoders } from './timeline.ts';

/** Injected at the edge, because this room does no I/O. */
export interface DecoderOptions extends PayloadOptions {
  /** Decodes a row of TLS; that room computes with keys, and so is no part of this one. */
  readonly tls?: ((bytes: Uint8Array, dir: 0 | 1, aux: Uint8Array | undefined) => Message | undefined) | undefined;
  /** The same as a glance, from `aux` alone; false when that does not do. */
  readonly glanceTls?: ((aux: Uint8Array, glance: Glance) => boolean) | undefined;
  /** Topics of the run in order of first sight, growing: names, and hashes of 20 bytes. */
  readonly seenTopics?: readonly Uint8Array[] | undefined;
  readonly sha1?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** False: payloads stay closed (redaction). */
  readonly expandPayloads: boolean;
}

const SUMMARY_JOINT = ' · ';

const JOINT_BYTES = utf8Bytes(SUMMARY_JOINT);

/** Adds what its payloads tell to the line of a glance; false when there is something to note in one of them. */
function addSummaries(glance: Glance, bytes: Uint8Array, optionsFor: (field: string | undefined) => PayloadOptions): boolean {
  const { info } = glance;
  for (let i = 0; i < glance.contents; i++) {
    const start = info.length;
    if (start > 0) info.bytes(JOINT_BYTES);
    const from = info.length;
    const options = optionsFor(glance.contentFields[i]);
    if (!writeSummary(bytes, glance.contentStarts[i], glance.contentEnds[i], options, info)) return false;
    if (info.length === from) info.length = start;
  }
  return true;
}

/** Takes apart what payload fields hold: children, notes and a summary in the info line. */
export function expandPayloads(message: Message, options: PayloadOptions = {}): Message {
  if (message.contents !== undefined) return expandContents(message, message.contents, options);
  const notes: Note[] = [...message.notes];
  const summaries: string[] = [];
  const fields = openFields(message.fields, options, notes, summaries);
  if (fields === undefined) return message;
  return { ...message, fields, notes, info: withSummaries(message.info, summaries) };
}

/** The same for a message whose fields are made on demand: they stay so, and only its outermost fields hold payloads. */
function expandContents(message: Message, contents: readonly Content[], options: PayloadOptions): Message {
  const notes: Note[] = [...message.notes];
  const summaries: string[] = [];
  const opened: (() => readonly Field[] | undefined)[] = [];
  const open = ({ bytes, field }: Content): PayloadTree => decodePayload(bytes, field === undefined ? options : { ...options, field });
  const inFields = ({ kind, fields }: PayloadTree): readonly Field[] | undefined =>
    kind === 'empty' || kind === 'hex' ? undefined : fields;
  for (const content of contents) {
    const plain = jsonSummary(content.bytes, content.field);
    if (plain !== undefined) {
      opened.push(() => inFields(open(content)));
      if (plain !== '') summaries.push(plain);
      continue;
    }
    const tree = open(content);
    const { summary, notes: inside } = tree;
    const { start } = content;
    const fields = inFields(tree);
    opened.push(() => fields);
    if (fields === undefined) continue;
    if (summary !== '') summaries.push(summary);
    for (const n of inside) notes.push({ ...n, start: n.start + start, end: n.end + start });
  }
  const { dialect, command, label, type, dir, token } = message;
  let made: readonly Field[] | undefined;
  return {
    dialect,
    command,
    label,
    type,
    dir,
    get fields(): readonly Field[] {
      made ??= withContents(message.fields, contents, opened);
      return made;
    },
    notes,
    info: withSummaries(message.info, summaries),
    token,
  };
}

function withContents(
  fields: readonly Field[],
  contents: readonly Content[],
  opened: readonly (() => readonly Field[] | undefined)[],
): Field[] {
  let next = 0;
  return fields.map((field) => {
    if (field.payload === undefined) return field;
    const inside = opened[next]?.();
    const shift = contents[next++]?.start ?? 0;
    return inside === undefined ? field : { ...field, children: inside.map((f) => moved(f, shift)) };
  });
}

/** Payloads that a line tells of; a message has one, a hostile one thousands. */
const SUMMARIES = 4;

function withSummaries(info: string, summaries: readonly string[]): string {
  return [info, ...summaries.slice(0, SUMMARIES)].filter((t) => t !== '').join(SUMMARY_JOINT);
}

/** The fields with their payloads opened, or undefined when there was none to open. */
function openFields(fields: readonly Field[], options: PayloadOptions, notes: Note[], summaries: string[]): Field[] | undefined {
  let changed = false;
  const expand = (field: Field, depth: number): Field => {
    const parts = field.children?.map((child) => expand(child, depth + 1));
    if (field.payload === undefined) return parts === undefined || parts.length === 0 ? field : { ...field, children: parts };
    const { kind, fields: inside, summary, notes: found } = decodePayload(field.payload, { ...options, field: field.filter });
    if (kind === 'empty' || kind === 'hex') return field;
    changed = true;
    if (summary !== '' && depth === 0) summaries.push(summary);
    // A codec that has cut the payload itself (packed dictionaries) knows the places of its parts; the payload is made from them.
    if (parts !== undefined) return { ...field, children: parts };
    // The payload stands at the end of its field; before it the field may have a header.
    const shift = field.at === undefined ? 0 : Math.max(field.at.start, field.at.end - field.payload.length);
    for (const n of found) notes.push({ ...n, start: n.start + shift, end: n.end + shift });
    return { ...field, children: inside.map((f) => moved(f, shift)) };
  };
  const out = fields.map((field) => expand(field, 0));
  return changed ? out : undefined;
}

/** Ranges of a payload's fields are relative to the payload; a message's are relative to the message. */
function moved(field: Field, shift: number): Field {
  if (shift === 0) return field;
  const at = field.at === undefined ? undefined : { start: field.at.start + shift, end: field.at.end + shift };
  return field.children === undefined ? { ...field, at } : { ...field, at, children: field.children.map((c) => moved(c, shift)) };
}

const SHA1_LENGTH = 20;

/**
 * The published topics, and those that a provider's requests in the same run name in clear: a courier carries only their
 * hashes, which can be made from the names.
 */
class LearnedTopics extends TopicNames {
  private readonly options: DecoderOptions;
  private looked = 0;
  private learnedCount = 0;

  constructor(options: DecoderOptions) {
    super();
    this.options = options;
  }

  override name(bytes: Uint8Array, start = 0, end: number = bytes.length): string | undefined {
    this.look();
    return super.name(bytes, start, end);
  }

  get learnedNames(): number {
    this.look();
    return this.learnedCount;
  }

  private look(): void {
    const { seenTopics, sha1 } = this.options;
    if (seenTopics !== undefined && sha1 !== undefined) {
      for (; this.looked < seenTopics.length; this.looked++) {
        const topic = seenTopics[this.looked];
        const text = topic.length === SHA1_LENGTH ? undefined : utf8(topic);
        if (text === undefined) continue;
        this.learn(text, sha1(topic));
        this.learnedCount++;
      }
    }
  }
}

/** Bytes of a topic column as people write them: 20 bytes are a hash, anything else is a name. */
function topicText(topic: Uint8Array, names: TopicNames): string {
  if (topic.length === SHA1_LENGTH) return names.name(topic) ?? toHex(topic);
  return topic.length === 32 ? toHex(topic) : (utf8(topic) ?? toHex(topic));
}

export function makeDecoders(options: DecoderOptions): Decoders {
  const names = new LearnedTopics(options);
  const lookup: TopicLookup = names;
  const byField = new Map<string | undefined, PayloadOptions>([[undefined, options]]);
  const optionsFor = (field: string | undefined): PayloadOptions => {
    let of = byField.get(field);
    if (of === undefined) byField.set(field, (of = { ...options, field }));
    return of;
  };
  const dialects = [0, 1, 2, 3, 4, 5, 6, 7].map(dialectByCode);
  return {
    decode(code, bytes, dir, aux) {
      return dialects[code]?.decode(bytes, dir, aux, lookup);
    },
    glance(code, bytes, dir, aux, glance) {
      glance.clear();
      if (dialects[code]?.glance?.(bytes, dir, aux, lookup, glance) !== true) return false;
      return glance.wantsVaried || !options.expandPayloads || addSummaries(glance, bytes, optionsFor);
    },
    glanceTls(aux, glance) {
      glance.clear();
      return options.glanceTls?.(aux, glance) === true;
    },
    tls: (_type, bytes, dir, aux) => options.tls?.(bytes, dir, aux),
    expand: (message) => (options.expandPayloads ? expandPayloads(message, options) : message),
    payloadJson: (bytes) => payloadJson(bytes),
    isJsonLine: isSoundJson,
    topicName: (topic) => topicText(topic, names),
    learnedNames: () => names.learnedNames,
  };
}
