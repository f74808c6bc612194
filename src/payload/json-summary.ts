import type { Field, Value } from '../core/message.ts';
import { shorten, utf8 } from '../core/text.ts';
import { PROTOBUF_FIELDS } from '../schema/payload-keys.ts';
import { glance } from './json-glance.ts';
import { SUMMARY_LENGTH, summaryOf } from './summary.ts';
import { MAX_DEPTH, valueText } from './tree.ts';

/** Longer payloads than couriers announce (15 KiB) are read with all limits. */
const MAX_LENGTH = 1 << 14;
/** Levels whose texts a summary may show: the top, `aps`, `alert`. */
const LEVELS = 3;

/**
 * The summary that `decodePayload` gives to a JSON object that needs no note, without making its fields. Undefined for any other
 * payload: it must be decoded.
 *
 * What the platform's parser gives back, written again, is the same text only where no key stands twice, no number loses a
 * digit and no space stands between values: only then nothing can be wrong with it. `field` is the filter name of its field.
 */
export function jsonSummary(bytes: Uint8Array, field: string | undefined): string | undefined {
  if (bytes[0] !== 0x7b || bytes.length > MAX_LENGTH || (field !== undefined && Object.hasOwn(PROTOBUF_FIELDS, field))) return undefined;
  const seen = glance(bytes);
  if (seen !== undefined) return shorten(summaryOf('aps', seen), SUMMARY_LENGTH);
  const text = utf8(bytes);
  if (text === undefined || containers(text) > MAX_DEPTH) return undefined;
  try {
    const value = JSON.parse(text) as object;
    if (JSON.stringify(value) !== text) return undefined;
    return shorten(summaryOf('aps', shallow(value, 1)), SUMMARY_LENGTH);
  } catch {
    return undefined;
  }
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
