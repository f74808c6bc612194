import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../src/codec/http2/hpack.ts';
import { BLOCK_FAULT } from '../../../src/codec/http2/hpack-block.ts';
import { type Header, HpackEncoder } from '../../../src/codec/http2/hpack-encoder.ts';
import { ReferenceWriter, TAG } from '../../../src/codec/http2/references.ts';
import { fromHex, toHex } from '../../../src/core/bytes.ts';

const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;
const pairs = (decoder: HpackDecoder, text: string): string[] =>
  decoder.decode(hex(text)).lines.map((line) => `${line.name}: ${line.value}`);

describe('the examples of RFC 7541, appendix C', () => {
  it('C.2: the four forms', () => {
    expect(pairs(new HpackDecoder(), '400a637573746f6d2d6b65790d637573746f6d2d686561646572')).toEqual(['custom-key: custom-header']);
    expect(pairs(new HpackDecoder(), '040c2f73616d706c652f70617468')).toEqual([':path: /sample/path']);
    expect(pairs(new HpackDecoder(), '100870617373776f726406736563726574')).toEqual(['password: secret']);
    expect(pairs(new HpackDecoder(), '82')).toEqual([':method: GET']);
  });

  const REQUESTS = [
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
    [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
  ];

  it('C.3: three requests without Huffman code share one table', () => {
    const decoder = new HpackDecoder();
    expect(pairs(decoder, '828684410f7777772e6578616d706c652e636f6d')).toEqual(REQUESTS[0]);
    expect(decoder.index.table.size).toBe(57);
    expect(pairs(decoder, '828684be58086e6f2d6361636865')).toEqual(REQUESTS[1]);
    expect(decoder.index.table.size).toBe(110);
    expect(pairs(decoder, '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565')).toEqual(REQUESTS[2]);
    expect(decoder.index.table.size).toBe(164);
  });

  it('C.4: the same with Huffman code', () => {
    const decoder = new HpackDecoder();
    expect(pairs(decoder, '828684418cf1e3c2e5f23a6ba0ab90f4ff')).toEqual(REQUESTS[0]);
    expect(pairs(decoder, '828684be5886a8eb10649cbf')).toEqual(REQUESTS[1]);
    expect(pairs(decoder, '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf')).toEqual(REQUESTS[2]);
    expect(decoder.index.table.size).toBe(164);
  });

  const DATE = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
  const RESPONSES = [
    [':status: 302', 'cache-control: private', DATE, 'location: https://www.example.com'],
    [':status: 307', 'cache-control: private', DATE, 'location: https://www.example.com'],
    [
      ':status: 200',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:22 GMT',
      'location: https://www.example.com',
      'content-encoding: gzip',
      'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
  ];

  it('C.5: responses that evict from a table of 256 bytes', () => {
    const decoder = new HpackDecoder();
    decoder.index.table.resize(256);
    expect(
      pairs(
        decoder,
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
      ),
    ).toEqual(RESPONSES[0]);
    expect(decoder.index.table.size).toBe(222);
    expect(pairs(decoder, '4803333037c1c0bf')).toEqual(RESPONSES[1]);
    expect(decoder.index.table.size).toBe(222);
    expect(
      pairs(
        decoder,
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ),
    ).toEqual(RESPONSES[2]);
    expect(decoder.index.table.size).toBe(215);
  });

  it('C.6: the same with Huffman code', () => {
    const decoder = new HpackDecoder();
    decoder.index.table.resize(256);
    expect(
      pairs(decoder, '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3'),
    ).toEqual(RESPONSES[0]);
    expect(pairs(decoder, '4883640effc1c0bf')).toEqual(RESPONSES[1]);
    expect(
      pairs(
        decoder,
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ),
    ).toEqual(RESPONSES[2]);
    expect(decoder.index.table.size).toBe(215);
  });
});

describe('header tables that are not fully known', () => {
  it('resolves exactly the entries added since the loss', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    decoder.decode(encoder.encode([{ name: 'a', value: '1' }]));
    decoder.index.table.forget();
    const { lines } = decoder.decode(
      encoder.encode([
        { name: 'b', value: '2' },
        { name: 'b', value: '2' },
        { name: 'a', value: '1' },
        { name: 'a', value: '3' },
      ]),
    );
    expect(lines.map((line) => [line.name, line.value, line.missing])).toEqual([
      ['b', '2', undefined],
      ['b', '2', undefined],
      [undefined, undefined, TAG.lost],
      [undefined, '3', TAG.lost],
    ]);
  });

  it('keeps the value of an entry whose name is unknown', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    encoder.encode([{ name: 'a', value: '1' }]);
    decoder.index.table.forget();
    decoder.decode(encoder.encode([{ name: 'a', value: '2' }]));
    const { lines } = decoder.decode(encoder.encode([{ name: 'a', value: '2' }]));
    expect(lines.map((line) => [line.name, line.value, line.missing])).toEqual([[undefined, '2', TAG.value]]);
  });

  it('knows the whole table again after it was emptied by size 0', () => {
    const decoder = new HpackDecoder();
    decoder.index.table.forget();
    expect(decoder.decode(hex('203fe11fbe')).lines[0].missing).toBe(TAG.invalid);
  });

  it('knows the whole table again once known entries fill it', () => {
    const decoder = new HpackDecoder();
    decoder.index.table.forget();
    expect(decoder.index.table.complete).toBe(false);
    decoder.decode(hex('3f21')); // 64 bytes
    decoder.decode(hex('400161013140016201324001630133'));
    expect(decoder.index.table.count).toBe(1);
    expect(decoder.index.table.complete).toBe(true);
    expect(decoder.decode(hex('bebf')).lines.map((line) => [line.name, line.missing])).toEqual([
      ['c', undefined],
      [undefined, TAG.invalid],
    ]);
  });
});

describe('hostile header blocks', () => {
  const fault = (text: string): number => new HpackDecoder().decode(hex(text)).fault;

  it('names index 0, overlong integers, truncated strings and late size updates', () => {
    expect(fault('80')).toBe(BLOCK_FAULT.zeroIndex);
    expect(fault('ff8080808080808001')).toBe(BLOCK_FAULT.integer);
    expect(fault('ffffffffffff7f')).toBe(BLOCK_FAULT.integer);
    expect(fault('0005616263')).toBe(BLOCK_FAULT.truncated);
    expect(fault('8220')).toBe(BLOCK_FAULT.lateSizeUpdate);
    expect(fault('40')).toBe(BLOCK_FAULT.truncated);
    expect(fault('ff')).toBe(BLOCK_FAULT.truncated);
  });

  it('reports Huffman code with the end symbol, long padding and padding of zeros', () => {
    for (const text of ['000161' + '84ffffffff', '000161' + '82' + '1fff', '000161' + '8118']) {
      const { lines, fault } = new HpackDecoder().decode(hex(text));
      expect(fault).toBe(BLOCK_FAULT.none);
      expect(lines[0]).toMatchObject({ name: 'a', value: undefined, badHuffman: true });
    }
  });

  it('keeps the order of the table when an indexed value is broken Huffman code', () => {
    const decoder = new HpackDecoder();
    const { lines } = decoder.decode(hex('4001610131' + '40016284ffffffff' + 'bebf'));
    expect(lines.map((line) => [line.name, line.value])).toEqual([
      ['a', '1'],
      ['b', undefined],
      ['b', undefined],
      ['a', '1'],
    ]);
  });

  it('bounds what one-byte references to a large entry expand to', () => {
    const decoder = new HpackDecoder();
    decoder.decode(new HpackEncoder().encode([{ name: 'n', value: 'ÿ'.repeat(2000) }]));
    const list = decoder.decode(new Uint8Array(16384).fill(0xbe));
    expect(list.lines.length + list.more).toBe(16384);
    expect(list.lines[0].value).toHaveLength(2000);
    expect(list.lines.at(-1)?.missing).toBe(TAG.cut);
  });

  it('keeps a bounded number of references, however little each takes', () => {
    const writer = new ReferenceWriter();
    for (let i = 0; i < 100_000; i++) writer.tag(TAG.invalid);
    expect(writer.length).toBe(2049);
    expect(writer.bytes[writer.length - 1]).toBe(TAG.cut);
    expect(writer.cut).toBe(true);
  });

  it('gives up a block that keeps copying a large name into the table', () => {
    const decoder = new HpackDecoder();
    decoder.index.table.resize(1 << 20);
    decoder.decode(new HpackEncoder().encode([{ name: 'n'.repeat(3000), value: '' }]));
    const block = new Uint8Array(3000);
    for (let i = 0; i < block.length; i += 2) block[i] = 0x7e;
    decoder.decode(block);
    expect(decoder.index.expanded).toBe(true);
    expect(decoder.index.table.complete).toBe(false);
  });

  it('never throws and never reads past the block, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (blocks) => {
        const decoder = new HpackDecoder();
        for (const block of blocks) {
          const list = decoder.decode(block);
          for (const line of list.lines) expect(line.at.end).toBeLessThanOrEqual(block.length);
        }
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});

describe('the encoder', () => {
  const header = fc.record({
    name: fc.constantFrom(':path', ':method', 'apns-id', 'apns-topic', 'authorization', 'x', 'content-length', 'apns-expiration'),
    value: fc.oneof(fc.constantFrom('', 'GET', 'a', 'com.example.app', '0'), fc.string({ unit: 'binary', maxLength: 40 })),
  });

  it('writes blocks from which its decoder reads the same headers, through evictions and size changes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(header, { maxLength: 12 }), fc.option(fc.integer({ min: 0, max: 300 }))), { maxLength: 8 }),
        (blocks) => {
          const encoder = new HpackEncoder();
          const decoder = new HpackDecoder();
          for (const [headers, size] of blocks) {
            if (size !== null) encoder.resize(size);
            const list = decoder.decode(encoder.encode(headers));
            expect(list.fault).toBe(0);
            expect(list.lines.map(({ name, value }) => ({ name, value }))).toEqual(headers);
          }
        },
      ),
      { seed: 20261121, numRuns: 500 },
    );
  });

  it('writes Apple’s way: authorization never indexed, path literal, ids indexed once', () => {
    const encoder = new HpackEncoder();
    const headers: Header[] = [
      { name: ':path', value: '/3/device/00' },
      { name: 'authorization', value: 'bearer x' },
      { name: 'apns-id', value: '1' },
      { name: 'apns-id', value: '2' },
    ];
    const forms = new HpackDecoder().decode(encoder.encode(headers)).lines.map((line) => line.form);
    expect(forms).toEqual([2, 3, 1, 2]);
  });

  it('reproduces C.4.1 of the RFC byte for byte', () => {
    const block = new HpackEncoder().encode([
      { name: ':method', value: 'GET' },
      { name: ':scheme', value: 'http' },
      { name: ':path', value: '/' },
      { name: ':authority', value: 'www.example.com' },
    ]);
    expect(toHex(block)).toBe('828684418cf1e3c2e5f23a6ba0ab90f4ff');
  });
});
