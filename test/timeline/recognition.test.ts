import { describe, expect, it } from 'vitest';
import { Spool } from '../../src/capture/spool.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { DIALECTS } from '../../src/core/message.ts';
import type { Dir } from '../../src/core/stream.ts';
import { Connection } from '../../src/timeline/connection.ts';
import { recognise } from '../../src/timeline/recognition.ts';
import { Rows } from '../../src/timeline/rows.ts';
import { connectionFacts, type StreamRecord } from '../../src/timeline/streams.ts';
import { looksLikeTls } from '../../src/tls/detect.ts';
import { hex, MADRID, TOKEN_A, tlvFrame } from '../support/bytes.ts';

/** A connection whose dialect is told from its bytes alone; an entry of a script is what one direction says, or a hole in it. */
function rows(...script: (readonly [Dir, Uint8Array | number])[]): [string, number][] {
  const spool = new Spool();
  const index = new Rows({ packet: 1, sec: 1, nsec: 0 }, spool);
  const facts = connectionFacts(0, true);
  const record: StreamRecord = {
    facts,
    endpoints: { a: '10.0.0.1:50000', b: '10.0.0.2:9999', process: undefined },
    info: undefined,
    timed: true,
    tls: undefined,
  };
  const connection = new Connection(
    {
      rows: index,
      at: index.at,
      detect: (first, second, known, final) => recognise([], looksLikeTls, first, second, known, record, final),
      openTls: () => undefined,
    },
    facts,
  );
  for (const [dir, what] of script) {
    if (typeof what === 'number') connection.gap(dir, what);
    else connection.data(dir, what, 0, what.length, spool.append(what));
  }
  for (const dir of [0, 1] as const) connection.end(dir, 'capture-end');
  const { columns } = index;
  return Array.from({ length: columns.rows }, (_, row) => {
    const type = columns.type(row);
    return [`${DIALECTS[type >>> 8]} ${(type & 255).toString(16)}`, columns.length(row)];
  });
}

const MESSAGE = tlvFrame(0x0a, [1, TOKEN_A], [2, MADRID], [3, '20'.repeat(200)], [4, '00000007']);
const CONNECT = tlvFrame(0x07, [1, TOKEN_A], [2, '01']);
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('a stream whose beginning nobody can name', () => {
  it('is looked at anew behind a hole', () => {
    const tail = MESSAGE.subarray(30);
    expect(rows([1, tail.subarray(0, 100)], [1, 50], [1, tail.subarray(150)], [1, concatBytes([MESSAGE, MESSAGE])])).toEqual([
      ['capture 0', 100],
      ['capture 1', 50],
      ['capture 2', tail.length - 150],
      ['courier a', MESSAGE.length],
      ['courier a', MESSAGE.length],
    ]);
  });

  it('is recognised where a proxy has said its own words first', () => {
    const greetings = [
      [text('CONNECT courier.push.apple.com:5223 HTTP/1.1\r\n\r\n'), text('HTTP/1.1 200 Connection established\r\n\r\n')],
      [hex('05 01 00'), hex('05 00'), hex('05 01 00 01 11399014 1467'), hex('05 00 00 01 00000000 0000')],
    ];
    for (const greeting of greetings) {
      const script = [...greeting, CONNECT, MESSAGE].map((bytes, i) => [(i & 1) as Dir, bytes] as const);
      expect(rows(...script).filter(([type]) => type.startsWith('courier'))).toEqual([
        ['courier 7', CONNECT.length],
        ['courier a', MESSAGE.length],
      ]);
    }
  });

  it('stays unknown when a later delivery shows no more than an error packet or a keep-alive', () => {
    const unknown = text('nothing that Apple says');
    for (const last of [hex('08 08 00000007'), hex('c3f19ad7e5b8 08 08 00000007'), hex('0c 00000000'), hex('0c00')]) {
      expect(rows([1, unknown], [0, unknown], [1, last]).map(([type]) => type)).toEqual(['capture 0', 'capture 0', 'capture 0']);
    }
  });
});
