import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packed } from '../../src/codec/packed/dialect.ts';
import { packedAttributes } from '../../src/codec/packed/message.ts';
import { PackedWriter } from '../../src/codec/packed/writer.ts';
import { tlv } from '../../src/codec/tlv.ts';
import type { Field } from '../../src/core/message.ts';
import type { PlistValue } from '../../src/core/plist-value.ts';
import { writePlist } from '../../src/core/plist-writer.ts';
import { expandPayloads } from '../../src/timeline/decoders.ts';

const inflate = (bytes: Uint8Array): Uint8Array => new Uint8Array(gunzipSync(bytes));
const BODY = new Uint8Array(gzipSync('{"ok":true}'));
const LIST = writePlist(
  new Map<string, PlistValue>([
    ['c', 97],
    ['u', 'https://example.com/'],
    ['b', BODY],
  ]),
);

function child(fields: readonly Field[] | undefined, ...path: string[]): Field | undefined {
  const field = fields?.find((f) => f.name === path[0]);
  return path.length < 2 ? field : child(field?.children, ...path.slice(1));
}

describe('payloads inside messages', () => {
  const fields = { topic: 'com.apple.madrid', id: 1, payload: LIST };

  it('are opened where they stand, packed or not, with one summary', () => {
    const { id, attributes } = packedAttributes('message', fields, 0);
    const frames = [
      { bytes: tlv.encode('message', fields, 0), dialect: tlv },
      { bytes: new PackedWriter().frame(id, attributes), dialect: packed },
    ];
    for (const { bytes, dialect } of frames) {
      const message = expandPayloads(dialect.decode(bytes, 0), { inflate });
      expect(message.info).toMatch(/IDS HTTP over push \(97\), https:\/\/example\.com\/$/);
      const url = child(message.fields, 'payload', 'u');
      expect(new TextDecoder().decode(bytes.slice(url?.at?.start, url?.at?.end))).toContain('https://example.com/');
      const body = child(message.fields, 'payload', 'b');
      expect(bytes.slice((body?.at?.end ?? 0) - BODY.length, body?.at?.end)).toEqual(BODY);
      expect(child(body?.children, 'gzip', 'ok')?.value).toBe(true);
    }
  });

  it('of publish-subscribe fields are read with the names of that field', () => {
    const payload = Uint8Array.of(0x08, 1, 0x18, 1);
    const message = expandPayloads(tlv.decode(tlv.encode('pub_sub_channel_list', { id: 1, payload }, 0), 0));
    expect(child(message.fields, 'payload', 'replace')).toMatchObject({ label: 'Replace (3)', value: 1 });
  });
});
