import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSummary } from '../../src/payload/json-summary.ts';
import { decodePayload } from '../../src/payload/payload.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const word = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null), fc.maxSafeInteger());
const alert = fc.oneof(
  word,
  fc.record({ title: word, body: word, 'loc-key': word, 'title-loc-key': word }, { requiredKeys: [] }),
  fc.array(word),
);
const push = fc.record(
  {
    aps: fc.oneof(
      word,
      fc.record({ alert, badge: word, sound: word, 'content-available': word, 'content-changed': word, event: word }, { requiredKeys: [] }),
      fc.array(word),
    ),
    custom: fc.jsonValue(),
    2: word,
  },
  { requiredKeys: [] },
);

describe('the summary of a JSON payload without its fields', () => {
  it('is that of the decoded payload, which has no notes', () => {
    let quick = 0;
    fc.assert(
      fc.property(fc.oneof(push, fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
        const bytes = utf8(JSON.stringify(value));
        const summary = jsonSummary(bytes, 'apns.message.payload');
        if (summary === undefined) return;
        quick++;
        const tree = decodePayload(bytes, { field: 'apns.message.payload' });
        expect(tree.notes).toEqual([]);
        expect(summary).toBe(tree.summary);
      }),
      { seed: 20261121, numRuns: 600 },
    );
    expect(quick).toBeGreaterThan(200);
  });

  it('is that of the decoded payload for damaged texts too, or is not given', () => {
    let quick = 0;
    fc.assert(
      fc.property(push, fc.nat(), fc.constantFrom(...'"{}[],:0-1.eE tfn\\ä'), fc.boolean(), (value, where, put, replace) => {
        const text = JSON.stringify(value);
        const at = where % (text.length + 1);
        const bytes = utf8(text.slice(0, at) + put + text.slice(replace ? at + 1 : at));
        const summary = jsonSummary(bytes, undefined);
        if (summary === undefined) return;
        quick++;
        const tree = decodePayload(bytes, {});
        expect(tree.notes).toEqual([]);
        expect(summary).toBe(tree.summary);
      }),
      { seed: 20261121, numRuns: 1500 },
    );
    expect(quick).toBeGreaterThan(100);
  });

  it.each([
    ['a key that stands twice', '{"a":1,"a":2}'],
    ['a number with lost digits', '{"a":12345678901234567890}'],
    ['spaces between values', '{"a": 1}'],
    ['text behind the object', '{"a":1}x'],
    ['an array', '[1]'],
    ['deep nesting', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`],
    ['nothing', ''],
  ])('is not given for %s', (_, text) => {
    expect(jsonSummary(utf8(text), undefined)).toBeUndefined();
  });

  it('is not given for bytes that are no UTF-8, nor for a field that holds protocol buffers', () => {
    expect(jsonSummary(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), undefined)).toBeUndefined();
    expect(jsonSummary(utf8('{"a":1}'), 'apns.message.pub_sub_info')).toBeUndefined();
  });
});
