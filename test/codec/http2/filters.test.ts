import { describe, expect, it } from 'vitest';
import { PREFACE, writeFrame } from '../../../src/codec/http2/frames.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import type { Field } from '../../../src/core/message.ts';
import { NOTES } from '../../../src/schema/notes.ts';
import { REASONS } from '../../../src/schema/reasons.ts';
import { allFields } from '../../../src/schema/registry.ts';
import { RowMaker } from '../../support/http2-rows.ts';
import { H2Writer, pushHeaders } from '../../support/http2-writer.ts';

/** Names that come from the wire: any header, unknown settings, further members of a token. */
const OPEN = /^(http2\.header\.|http2\.settings\.unknown\d|apns\.jwt\.(header|claims)\.)/;

describe('filter names', () => {
  it('of every field that decoding can make are in the list of fields', () => {
    const c = new H2Writer();
    const s = new H2Writer();
    const maker = new RowMaker();
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'ES256', kid: 'ABC123DEFG' })}.${part({ iss: 'TEAM123456', iat: 1 })}.AAAA`;
    const all = {
      authorization: `bearer ${token}`,
      'apns-id': '1',
      'apns-expiration': '0',
      'apns-priority': '5',
      'apns-collapse-id': 'x',
      'apns-channel-id': 'AAAA',
      'apns-request-id': '1',
    };
    c.hpack.resize(100);
    maker.data(
      0,
      concatBytes([
        PREFACE,
        c.settings([
          [1, 1],
          [3, 1],
          [77, 1],
        ]),
        c.headers(1, pushHeaders(all), { pad: 2, priority: true }),
        c.data(1, '{}'),
        c.headers(3, pushHeaders({ ...all, ':path': '/4/broadcasts/apps/a.b', 'apns-topic': undefined })),
        writeFrame(3, 0, 3, new Uint8Array(4)),
        writeFrame(2, 0, 3, new Uint8Array(5)),
        writeFrame(6, 0, 0, new Uint8Array(8)),
        writeFrame(8, 0, 0, new Uint8Array(4)),
        writeFrame(99, 0, 0, new Uint8Array(4)),
      ]),
    );
    maker.data(
      1,
      concatBytes([
        s.settings(),
        s.headers(1, [
          { name: ':status', value: '410' },
          { name: 'apns-unique-id', value: '1' },
        ]),
        s.data(1, '{"reason":"Unregistered","timestamp":1763740000123}'),
        writeFrame(5, 4, 1, concatBytes([new Uint8Array(4), s.hpack.encode(pushHeaders())])),
        writeFrame(7, 0, 0, concatBytes([new Uint8Array(8), Buffer.from('{"reason":"Shutdown"}')])),
      ]),
    );
    const known = new Set(allFields().map((field) => field.filter));
    const unknown = new Set<string>();
    const walk = (fields: readonly Field[]): void => {
      for (const f of fields) {
        if (f.filter !== undefined && !known.has(f.filter) && !OPEN.test(f.filter)) unknown.add(f.filter);
        walk(f.children ?? []);
      }
    };
    for (const row of maker.rows) walk(row.message.fields);
    expect([...unknown]).toEqual([]);
    expect(maker.rows.map((row) => row.message.command)).toEqual([
      'preface',
      'settings',
      'push',
      'broadcast',
      'priority',
      'ping',
      'window-update',
      'frame',
      'settings',
      'response',
      'push-promise',
      'goaway',
    ]);
  });
});

describe('the tables', () => {
  it('have each reason once, and a note for each http2 and jwt code', () => {
    expect(new Set(REASONS.map((row) => row.reason)).size).toBe(REASONS.length);
    expect(JSON.parse(JSON.stringify(REASONS))).toEqual(REASONS);
    for (const [code, def] of Object.entries(NOTES)) {
      if (!/^(http2|jwt)\./.test(code)) continue;
      expect(def.sentence.length > 0 && def.advice.length > 0).toBe(true);
    }
  });
});
