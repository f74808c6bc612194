import { dialectByCode } from '../codec/dialects.ts';
import { toHex } from '../core/bytes.ts';
import type { TopicLookup } from '../core/dialect.ts';
import type { Field, Message } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { utf8 } from '../core/text.ts';
import { decodePayload, isJson, type PayloadOptions, payloadJson } from '../payload/payload.ts';
import { TopicNames } from '../schema/topics.ts';
import { decodeTls } from '../tls/decode.ts';
import type { Decoders } from './timeline.ts';

/** Injected at the edge, because this room does no I/O. */
export interface DecoderOptions extends PayloadOptions {
  /** False: payloads stay closed (redaction). */
  readonly expandPayloads: boolean;
}

const SUMMARY_JOINT = ' · ';

/** Takes apart what payload fields hold: children, notes and a summary in the info line. */
export function expandPayloads(message: Message, options: PayloadOptions = {}): Message {
  const notes: Note[] = [...message.notes];
  const summaries: string[] = [];
  let changed = false;
  const expand = (field: Field, depth: number): Field => {
    const children = field.children?.map((child) => expand(child, depth + 1));
    if (field.payload === undefined) return children === undefined ? field : { ...field, children };
    const { kind, fields, summary, notes: inside } = decodePayload(field.payload, { ...options, field: field.filter });
    if (kind === 'empty' || kind === 'hex') return field;
    changed = true;
    if (summary !== '' && depth === 0) summaries.push(summary);
    // A codec that has cut the payload itself (packed dictionaries) knows the places of its parts; the payload is made from them.
    if (children !== undefined) return { ...field, children };
    // The payload stands at the end of its field; before it the field may have a header.
    const shift = field.at === undefined ? 0 : Math.max(field.at.start, field.at.end - field.payload.length);
    for (const n of inside) notes.push({ ...n, start: n.start + shift, end: n.end + shift });
    return { ...field, children: fields.map((f) => moved(f, shift)) };
  };
  const fields = message.fields.map((field) => expand(field, 0));
  if (!changed) return message;
  const info = [message.info, ...summaries].filter((t) => t !== '').join(SUMMARY_JOINT);
  return { ...message, fields, notes, info };
}

/** Ranges of a payload's fields are relative to the payload; a message's are relative to the message. */
function moved(field: Field, shift: number): Field {
  if (shift === 0) return field;
  const at = field.at === undefined ? undefined : { start: field.at.start + shift, end: field.at.end + shift };
  return field.children === undefined ? { ...field, at } : { ...field, at, children: field.children.map((c) => moved(c, shift)) };
}

const SHA1_LENGTH = 20;

/** Bytes of a topic column as people write them: 20 bytes are a hash, anything else is a name. */
function topicText(topic: Uint8Array, names: TopicNames): string {
  if (topic.length === SHA1_LENGTH) return names.name(topic) ?? toHex(topic);
  return topic.length === 32 ? toHex(topic) : (utf8(topic) ?? toHex(topic));
}

export function makeDecoders(options: DecoderOptions, names: TopicNames = new TopicNames()): Decoders {
  const lookup: TopicLookup = names;
  const dialects = [0, 1, 2, 3, 4, 5, 6, 7].map(dialectByCode);
  return {
    decode(code, bytes, dir, aux) {
      return dialects[code]?.decode(bytes, dir, aux, lookup);
    },
    tls: (_type, bytes, dir, aux) => decodeTls(bytes, dir, aux),
    expand: (message) => (options.expandPayloads ? expandPayloads(message, options) : message),
    payloadJson: (bytes) => payloadJson(bytes),
    isJsonLine(bytes, start, end) {
      for (let i = start; i < end; i++) if (bytes[i] === 0x0a || bytes[i] === 0x0d) return false;
      return isJson(bytes, start, end);
    },
    topicName: (topic) => topicText(topic, names),
  };
}
