import type { Field } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { isBinaryPlist } from '../core/plist-reader.ts';
import { printable, shorten, utf8 } from '../core/text.ts';
import type { TextBytes } from '../core/text-bytes.ts';
import { PROTOBUF_FIELDS } from '../schema/payload-keys.ts';
import { plistFields } from './bplist.ts';
import { jsonFields } from './json.ts';
import { writeJsonSummary } from './json-summary.ts';
import { looksLikeProtobuf, protobufFields } from './protobuf.ts';
import { SUMMARY_LENGTH, summaryOf } from './summary.ts';
import { placed, TreeBuilder } from './tree.ts';

export { isSoundJson, jsonSummary } from './json-summary.ts';
export { payloadJson } from './payload-json.ts';
export { payloadPath } from './payload-path.ts';

type PayloadKind = 'json' | 'bplist' | 'gzip' | 'protobuf' | 'text' | 'hex' | 'empty';

/** What is in a payload. Byte ranges are relative to the payload's first byte. */
export interface PayloadTree {
  readonly kind: PayloadKind;
  /** The entries of a top dictionary or object; otherwise the value itself, one field. */
  readonly fields: readonly Field[];
  /** One telling line, printable: the alert's text, the kind of IDS message. Empty when there is nothing to tell. */
  readonly summary: string;
  readonly notes: readonly Note[];
}

/** Unpacks one gzip member; undefined when it is damaged or holds more than `maxOutput` bytes. */
type Inflate = (bytes: Uint8Array, maxOutput: number) => Uint8Array | undefined;

export interface PayloadOptions {
  /** Gzip stays closed without it. */
  readonly inflate?: Inflate | undefined;
  /** Filter name of the field that holds the payload: says which protocol buffer message it is. */
  readonly field?: string | undefined;
}

/** Bytes that gzip may unpack to: 64 times the largest payload that couriers announce (15 KiB), for a bomb makes 1,000 of one. */
const MAX_INFLATED = 1 << 20;
/** Text packs ten to one, repeated text fifty to one; a small member may be anything. */
const INFLATED_RATIO = 100;
const INFLATED_FREE = 1 << 16;
/** Payloads inside payloads (gzip in a list in gzip …). */
const MAX_LAYERS = 3;
/** Characters of a text payload that its field shows. */
const TEXT_LENGTH = 4096;

/** Takes a payload apart, whatever it is. Bounded in depth, number of values and expansion; never throws. */
export function decodePayload(bytes: Uint8Array, options: PayloadOptions = {}): PayloadTree {
  return decodeLayer(bytes, options, 0);
}

/**
 * Writes the summary of the payload `b[start, end)`, or nothing when it has none. False, and nothing written, when there is
 * something to note in it.
 */
export function writeSummary(b: Uint8Array, start: number, end: number, options: PayloadOptions, out: TextBytes): boolean {
  if (start === end || writeJsonSummary(b, start, end, options.field, out)) return true;
  const { kind, summary, notes } = decodePayload(b.subarray(start, end), options);
  if (notes.length > 0) return false;
  if (kind !== 'hex') out.text(printable(summary));
  return true;
}

function decodeLayer(bytes: Uint8Array, options: PayloadOptions, layer: number): PayloadTree {
  if (bytes.length === 0) return { kind: 'empty', fields: [], summary: '', notes: [] };
  const tree = new TreeBuilder();
  const known = options.field === undefined ? undefined : PROTOBUF_FIELDS[options.field];
  if (known !== undefined) {
    const fields = protobufFields(bytes, known, tree);
    if (fields !== undefined) return { kind: 'protobuf', fields, summary: '', notes: tree.notes };
    tree.note('payload.protobuf-invalid', 0, bytes.length);
  }
  if (isBinaryPlist(bytes)) {
    const inside = (data: Uint8Array): readonly Field[] | undefined => insideData(data, options, layer);
    const fields = plistFields(bytes, tree, inside);
    return { kind: 'bplist', fields, summary: shorten(summaryOf(tree.family, fields), SUMMARY_LENGTH), notes: tree.notes };
  }
  if (isGzip(bytes)) return gzip(bytes, options, layer, tree);
  if (startsJson(bytes)) {
    tree.family = 'aps';
    const fields = jsonFields(bytes, tree);
    return { kind: 'json', fields, summary: shorten(summaryOf(tree.family, fields), SUMMARY_LENGTH), notes: tree.notes };
  }
  const text = utf8(bytes);
  if (text !== undefined && isReadable(text)) {
    const words = shorten(printable(text), TEXT_LENGTH);
    const field = tree.leaf('text', 'text', text, { start: 0, end: bytes.length }, words);
    const label = isXmlPlist(text) ? 'Property list, XML' : 'Text';
    return { kind: 'text', fields: [{ ...field, label }], summary: shorten(words, SUMMARY_LENGTH), notes: tree.notes };
  }
  if (looksLikeProtobuf(bytes)) {
    const fields = protobufFields(bytes, {}, tree) as Field[];
    tree.note('payload.guessed', 0, bytes.length, 'protocol buffer');
    return { kind: 'protobuf', fields, summary: '', notes: tree.notes };
  }
  return { kind: 'hex', fields: [tree.leaf('data', 'data', bytes, { start: 0, end: bytes.length })], summary: '', notes: tree.notes };
}

function inflatedLimit(length: number): number {
  return Math.min(MAX_INFLATED, Math.max(INFLATED_FREE, INFLATED_RATIO * length));
}

function gzip(bytes: Uint8Array, options: PayloadOptions, layer: number, tree: TreeBuilder): PayloadTree {
  const at = { start: 0, end: bytes.length };
  const inner = layer < MAX_LAYERS ? options.inflate?.(bytes, inflatedLimit(bytes.length)) : undefined;
  if (inner === undefined) {
    if (options.inflate !== undefined) tree.note('payload.inflate-failed', 0, bytes.length);
    return { kind: 'gzip', fields: [tree.leaf('gzip', 'gzip', bytes, at)], summary: '', notes: tree.notes };
  }
  const { kind, fields, summary, notes } = decodeLayer(inner, options, layer + 1);
  for (const note of notes) tree.notes.push({ ...note, ...at });
  const words = `${inner.length} bytes of ${kind === 'hex' ? 'data' : kind} from ${bytes.length} bytes of gzip`;
  return {
    kind: 'gzip',
    fields: [{ ...tree.group('gzip', 'gzip', placed(fields, at), words, at), label: 'Unpacked' }],
    summary,
    notes: tree.notes,
  };
}

/** What data inside a property list holds when it says so itself: gzip, or another list. */
function insideData(data: Uint8Array, options: PayloadOptions, layer: number): readonly Field[] | undefined {
  if (layer >= MAX_LAYERS || !(isBinaryPlist(data) || (isGzip(data) && options.inflate !== undefined))) return undefined;
  const inner = decodeLayer(data, { inflate: options.inflate }, layer + 1);
  return inner.fields.length === 0 ? undefined : inner.fields;
}

function isGzip(b: Uint8Array): boolean {
  return b.length >= 18 && b[0] === 0x1f && b[1] === 0x8b && b[2] === 0x08;
}

/** The first byte that is no white space opens an object or array. */
function startsJson(b: Uint8Array): boolean {
  let at = 0;
  while (at < b.length && (b[at] === 0x20 || (b[at] >= 0x09 && b[at] <= 0x0d))) at++;
  return b[at] === 0x7b || b[at] === 0x5b;
}

function isXmlPlist(text: string): boolean {
  return /^\s*(<\?xml[^>]*>\s*)?(<!DOCTYPE plist|<plist)/.test(text);
}

/** No control characters but white space. */
function isReadable(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
  return !/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/.test(text);
}
