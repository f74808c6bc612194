import type { Field, Value } from '../core/message.ts';
import { printable, shorten, utf8, utf8Bytes } from '../core/text.ts';
import { TextBytes } from '../core/text-bytes.ts';
import { PROTOBUF_FIELDS } from '../schema/payload-keys.ts';
import { ApsMembers, MEMBER } from './aps-members.ts';
import { glance, type JsonGlance } from './json-glance.ts';
import { MARKED_BYTES } from './json-marks.ts';
import { isJson } from './json-scan.ts';
import { NAMED_KEYS, SUMMARY_LENGTH, summaryOf, WORDS } from './summary.ts';
import { MAX_DEPTH, valueText } from './tree.ts';

/** Levels whose texts a summary may show: the top, `aps`, `alert`. */
const LEVELS = 3;

/**
 * The summary that `decodePayload` gives to a JSON object that needs no note, without making its fields. Undefined for any other
 * payload: it must be decoded. `field` is the filter name of its field.
 */
export function jsonSummary(bytes: Uint8Array, field: string | undefined): string | undefined {
  scratch.length = 0;
  if (writeJsonSummary(bytes, 0, bytes.length, field, scratch)) return utf8(scratch.view());
  return undefined;
}

const scratch = new TextBytes(1024);
const aps = new ApsMembers();

/** Writes that summary of `b[start, end)`; false, and nothing written, when the payload must be decoded. */
export function writeJsonSummary(b: Uint8Array, start: number, end: number, field: string | undefined, out: TextBytes): boolean {
  if (b[start] !== 0x7b || end - start > MARKED_BYTES || (field !== undefined && Object.hasOwn(PROTOBUF_FIELDS, field))) return false;
  const seen = glance(b, start, end);
  if (seen !== undefined && aps.find(seen)) {
    new Line(b, start, out).summary(seen);
    return true;
  }
  const value = parsed(b.subarray(start, end));
  if (value === undefined) return false;
  out.text(printable(shorten(summaryOf('aps', shallow(value, 1)), SUMMARY_LENGTH)));
  return true;
}

/**
 * What the platform's parser gives back, written again, is the same text only where no key stands twice, no number loses a
 * digit and no space stands between values: only then nothing can be wrong with it.
 */
function parsed(bytes: Uint8Array): object | undefined {
  const text = utf8(bytes);
  if (text === undefined || containers(text) > MAX_DEPTH) return undefined;
  try {
    const value = JSON.parse(text) as object;
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether `b[start, end)` is a JSON object that needs no note and may be copied into a line of output as it is. Never true for
 * what is longer than couriers announce.
 */
export function isSoundJson(b: Uint8Array, start: number, end: number): boolean {
  if (b[start] !== 0x7b || end - start > MARKED_BYTES) return false;
  return glance(b, start, end) !== undefined || (isJson(b, start, end) && parsed(b.subarray(start, end)) !== undefined);
}

const OPEN_QUOTE = utf8Bytes('“');
const CLOSE_QUOTE = utf8Bytes('”');
const ELLIPSIS = utf8Bytes('…');

/** `summaryOf`, written as it is read off the bytes, and cut at `SUMMARY_LENGTH` characters. */
class Line {
  private readonly b: Uint8Array;
  private readonly from: number;
  private readonly out: TextBytes;
  private left = SUMMARY_LENGTH;
  private cut = false;
  /** Bytes of the last character. */
  private last = 1;
  private parts = 0;

  /** For the object that begins at `b[from]`. */
  constructor(b: Uint8Array, from: number, out: TextBytes) {
    this.b = b;
    this.from = from;
    this.out = out;
  }

  summary(seen: JsonGlance): void {
    if (!aps.hasAps) this.topNames(seen, -1, true);
    else {
      this.apsParts();
      if (this.parts === 0) this.topNames(seen, aps.aps, false);
    }
    if (this.cut) {
      this.out.length -= this.last;
      this.out.bytes(ELLIPSIS);
    }
  }

  private apsParts(): void {
    const hasText = aps.hasAlertMembers ? this.alertText() : this.quoted(MEMBER.alert, -1);
    if (says(MEMBER.badge)) this.part(WORDS.badge, MEMBER.badge);
    if (aps.kinds[MEMBER.sound] !== 0 && !hasText) this.part(WORDS.sound, -1);
    if (aps.kinds[MEMBER.contentAvailable] !== 0) this.part(WORDS.contentAvailable, -1);
    if (aps.kinds[MEMBER.contentChanged] !== 0) this.part(WORDS.contentChanged, -1);
    if (says(MEMBER.event)) this.part(WORDS.event, MEMBER.event);
  }

  private alertText(): boolean {
    const title = says(MEMBER.title) ? MEMBER.title : MEMBER.titleLocKey;
    const body = says(MEMBER.body) ? MEMBER.body : MEMBER.locKey;
    return says(title) ? this.quoted(title, body) : this.quoted(body, -1);
  }

  /** The words of one member, or of two with a colon between them, in quotes; false when there are none. */
  private quoted(member: number, second: number): boolean {
    if (!says(member)) return false;
    this.mark(OPEN_QUOTE);
    this.range(aps.starts[member], aps.ends[member]);
    if (second >= 0 && says(second)) {
      this.words(': ');
      this.range(aps.starts[second], aps.ends[second]);
    }
    this.mark(CLOSE_QUOTE);
    this.parts++;
    return true;
  }

  private part(words: string, member: number): void {
    if (this.parts++ > 0) this.words(', ');
    this.words(words);
    if (member >= 0) this.range(aps.starts[member], aps.ends[member]);
  }

  /** Names of the members at the top but for one; when there is no other, that the push is empty. */
  private topNames(seen: JsonGlance, without: number, tellsMore: boolean): void {
    let named = 0;
    for (let i = 0; i < seen.count; i++) {
      if (seen.levels[i] > 0 || i === without) continue;
      if (named === NAMED_KEYS) {
        if (tellsMore) {
          this.words(', ');
          this.mark(ELLIPSIS);
        }
        return;
      }
      if (named++ > 0) this.words(', ');
      this.range(seen.keyStarts[i], seen.keyEnds[i]);
    }
    if (named === 0 && without >= 0) this.words(WORDS.empty);
  }

  private words(text: string): void {
    if (text.length > this.left) {
      this.cut = true;
      if (this.left === 0) return;
      text = text.slice(0, this.left);
    }
    this.out.ascii(text);
    this.left -= text.length;
    this.last = 1;
  }

  private range(start: number, end: number): void {
    const length = Math.min(end - start, this.left);
    if (length < end - start) this.cut = true;
    if (length === 0) return;
    this.out.range(this.b, this.from + start, this.from + start + length);
    this.left -= length;
    this.last = 1;
  }

  /** One character of three bytes. */
  private mark(bytes: Uint8Array): void {
    if (this.left === 0) {
      this.cut = true;
      return;
    }
    this.out.bytes(bytes);
    this.left--;
    this.last = bytes.length;
  }
}

/** The member is a text or a literal, and not empty. */
function says(member: number): boolean {
  return aps.kinds[member] === 1 && aps.ends[member] > aps.starts[member];
}

/** Opening brackets, those inside of texts too: at least as many as the levels of nesting. Stops counting behind `MAX_DEPTH`. */
function containers(text: string): number {
  let count = 0;
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at >= 0 && count <= MAX_DEPTH; at = text.indexOf(bracket, at + 1)) count++;
  }
  return count;
}

const NO_FIELDS: readonly Field[] = [];

/** The fields of an object as far as a summary looks at them. */
function shallow(value: object, level: number): Field[] {
  const fields: Field[] = [];
  for (const name of Object.keys(value)) {
    const inner = (value as Record<string, Value | object>)[name];
    if (typeof inner !== 'object' || inner === null) {
      fields.push({ name, label: name, value: inner, text: level === 1 ? '' : valueText(inner), at: undefined });
    } else {
      const children = level < LEVELS && (level > 1 || name === 'aps') ? shallow(inner, level + 1) : NO_FIELDS;
      fields.push({ name, label: name, value: null, text: '', at: undefined, children });
    }
  }
  return fields;
}
