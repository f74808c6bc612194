import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, type Server, connect as tcpConnect, createServer as tcpServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { http2 } from '../../../src/codec/http2/dialect.ts';
import { FRAME_HEADER, PREFACE, writeFrame } from '../../../src/codec/http2/frames.ts';
import { CONTINUATION_LIMIT, HELD_LIMIT } from '../../../src/codec/http2/framing.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { BROKEN, Cells, NEED } from '../../../src/core/dialect.ts';
import type { Dir } from '../../../src/core/stream.ts';
import { fieldValue, RowMaker, rowLines } from '../../support/http2-rows.ts';
import { H2Writer, pushHeaders, TOKEN } from '../../support/http2-writer.ts';

const BODY = '{"aps":{"alert":"hello"}}';
const SEED = 20261121;

/** A client's side: preface, settings, two pushes. */
function clientBytes(): Uint8Array[] {
  const w = new H2Writer();
  return [
    PREFACE,
    w.settings(),
    w.headers(1, pushHeaders()),
    w.data(1, BODY),
    w.headers(3, pushHeaders({ 'apns-topic': 'com.example.other' })),
    w.data(3, BODY),
  ];
}

const codes = (maker: RowMaker): string[] => maker.rows.flatMap((row) => row.message.notes.map((n) => n.code));

describe('rows', () => {
  it('makes one row of a request and fills its cells', () => {
    const maker = new RowMaker();
    maker.data(0, concatBytes(clientBytes()));
    expect(maker.rows.map((row) => row.type)).toEqual([9, 20, 1, 1]);
    const [, , push, other] = maker.rows;
    expect(push).toMatchObject({ id: 1, hasId: true, status: -1, topic: 'com.example.app', token: TOKEN, severity: 0 });
    expect(other).toMatchObject({ id: 3, topic: 'com.example.other', token: TOKEN });
    expect(fieldValue(push.message, 'apns.topic')).toBe('com.example.app');
    expect(Buffer.from(fieldValue(other.message, 'apns.payload') as Uint8Array).toString()).toBe(BODY);
    expect(fieldValue(other.message, 'http2.header.apns-topic')).toBe('com.example.other');
  });

  it('gives the same rows byte by byte', () => {
    const whole = new RowMaker();
    const bytes = concatBytes(clientBytes());
    whole.data(0, bytes);
    const drip = new RowMaker();
    for (const byte of bytes) drip.data(0, Uint8Array.of(byte));
    expect(drip.rows).toEqual(whole.rows);
  });

  it('keeps interleaved streams apart', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    maker.data(0, concatBytes([PREFACE, w.settings(), w.headers(1, pushHeaders()), w.headers(3, pushHeaders({ 'apns-priority': '5' }))]));
    maker.data(0, concatBytes([w.data(3, 'three', { end: false }), w.data(1, 'one'), w.data(3, ' more')]));
    expect(
      maker.rows.slice(2).map((row) => [row.id, Buffer.from(fieldValue(row.message, 'apns.payload') as Uint8Array).toString()]),
    ).toEqual([
      [1, 'one'],
      [3, 'three more'],
    ]);
    expect(maker.heldStreams).toBe(0);
  });

  it('reads padding, priority and CONTINUATION, whatever the split', () => {
    for (const split of [1, 2, 7, 50]) {
      const w = new H2Writer();
      const maker = new RowMaker();
      maker.data(
        0,
        concatBytes([PREFACE, w.settings(), w.headers(1, pushHeaders(), { split, pad: 9, priority: true }), w.data(1, BODY, { pad: 3 })]),
      );
      const push = maker.rows[2];
      expect(push).toMatchObject({ type: 1, topic: 'com.example.app', token: TOKEN, severity: 0 });
      expect(push.message.notes).toEqual([]);
      expect(Buffer.from(fieldValue(push.message, 'apns.payload') as Uint8Array).toString()).toBe(BODY);
      expect(fieldValue(push.message, 'http2.priority.weight')).toBe(16);
    }
  });

  it('names broadcasts, channel management and other requests', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    const list: [string, string][] = [
      ['POST', '/4/broadcasts/apps/com.example.app'],
      ['POST', '/1/apps/com.example.app/channels'],
      ['GET', '/1/apps/com.example.app/channels'],
      ['DELETE', '/1/apps/com.example.app/channels'],
      ['GET', '/1/apps/com.example.app/all-channels'],
      ['PUT', '/1/apps/com.example.app/channels'],
      ['GET', '/'],
    ];
    maker.data(0, concatBytes([PREFACE, w.settings()]));
    list.forEach(([method, path], i) => {
      maker.data(0, w.headers(2 * i + 1, [...pushHeaders({ ':method': method, ':path': path, 'apns-topic': undefined })], { end: true }));
    });
    const rows = maker.rows.slice(2);
    expect(rows.map((row) => row.type)).toEqual([2, 3, 4, 5, 6, 7, 7]);
    expect(rows.map((row) => row.message.type & 0xff)).toEqual([2, 3, 4, 5, 6, 7, 7]);
    expect(rows.map((row) => row.topic)).toEqual([...Array(5).fill('com.example.app'), '', '']);
  });

  it('shows interim answers, the answer and trailers in one row', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    maker.data(
      1,
      concatBytes([
        w.settings(),
        w.headers(1, [{ name: ':status', value: '103' }]),
        w.headers(1, [
          { name: ':status', value: '400' },
          { name: 'apns-id', value: 'x' },
        ]),
        w.data(1, '{"reason":"BadTopic"}', { end: false }),
        w.headers(1, [{ name: 'checksum', value: '1' }], { end: true }),
      ]),
    );
    expect(maker.rows[1]).toMatchObject({ type: 8, status: 400, severity: 2, id: 1 });
    expect(maker.rows[1].message.fields.map((f) => f.label).filter((l) => /headers|trailers/i.test(l))).toEqual([
      'Interim headers',
      'Headers',
      'Trailers',
    ]);
    expect(maker.rows[1].message.info).toBe('400 Bad Request: BadTopic');
  });

  it('shows control frames, unknown ones too', () => {
    const maker = new RowMaker();
    const u32 = (n: number): number[] => [n >>> 24, n >>> 16, n >>> 8, n].map((x) => x & 255);
    maker.data(
      1,
      concatBytes([
        new H2Writer().settings([
          [1, 4096],
          [3, 1],
          [5, 16384],
          [6, 8000],
          [0x99, 7],
        ]),
        writeFrame(4, 1, 0, new Uint8Array(0)),
        writeFrame(6, 0, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
        writeFrame(8, 0, 5, Uint8Array.from(u32(1000))),
        writeFrame(2, 0, 7, Uint8Array.from([...u32(0x80000003), 200])),
        writeFrame(3, 0, 7, Uint8Array.from(u32(7))),
        writeFrame(0xee, 0, 0, Uint8Array.of(1)),
        writeFrame(7, 0, 0, concatBytes([Uint8Array.from([...u32(9), ...u32(0)]), Buffer.from('{"reason":"BadCertificateEnvironment"}')])),
      ]),
    );
    expect(maker.broken).toBe(0);
    expect(rowLines(maker.rows)).toEqual([
      '< SETTINGS: HEADER_TABLE_SIZE=4096, MAX_CONCURRENT_STREAMS=1, MAX_FRAME_SIZE=16384, MAX_HEADER_LIST_SIZE=8000, unknown setting 0x99=7 [http2.single-stream http2.setting-unknown]',
      '< SETTINGS: acknowledged',
      '< PING: request 0102030405060708',
      '< WINDOW_UPDATE: stream 5, 1,000 bytes more',
      '< PRIORITY: stream 7, depends on 3, weight 201',
      '< RST_STREAM: stream 7, REFUSED_STREAM [http2.reset-error]',
      '< Frame 0xee: stream 0, 1 byte [http2.unknown-frame]',
      '< GOAWAY: last stream 9, NO_ERROR, BadCertificateEnvironment [http2.goaway-error]',
    ]);
    expect(maker.rows.map((row) => row.severity)).toEqual([0, 0, 0, 0, 0, 2, 1, 2]);
    expect(fieldValue(maker.rows[7].message, 'apns.reason')).toBe('BadCertificateEnvironment');
    expect(fieldValue(maker.rows[0].message, 'http2.settings.max_streams')).toBe(1);
  });

  it('ends a message at its RST_STREAM', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    maker.data(0, concatBytes([PREFACE, w.settings(), w.headers(1, pushHeaders()), writeFrame(3, 0, 1, Uint8Array.of(0, 0, 0, 8))]));
    expect(maker.rows[2]).toMatchObject({ type: 1, token: TOKEN, severity: 1 });
    expect(maker.rows[2].message.info).toContain('reset: CANCEL');
    expect(maker.heldStreams).toBe(0);
  });

  it('runs a PUSH_PROMISE through the header table and shows its refusal', () => {
    const w = new H2Writer();
    const block = w.hpack.encode(pushHeaders({ ':method': 'GET', ':path': '/x' }));
    const maker = new RowMaker();
    maker.data(
      1,
      concatBytes([
        w.settings(),
        writeFrame(5, 0, 1, concatBytes([Uint8Array.of(0, 0, 0, 2), block.subarray(0, 10)])),
        writeFrame(9, 4, 1, block.subarray(10)),
        w.headers(
          1,
          [
            { name: ':status', value: '200' },
            { name: ':authority', value: 'api.push.apple.com' },
          ],
          { end: true },
        ),
      ]),
    );
    maker.data(0, concatBytes([PREFACE, writeFrame(4, 0, 0, new Uint8Array(0)), writeFrame(3, 0, 2, Uint8Array.of(0, 0, 0, 7))]));
    expect(maker.rows[1]).toMatchObject({ type: 21, id: 2 });
    expect(maker.rows[1].message.info).toBe('on stream 1: GET /x');
    expect(fieldValue(maker.rows[2].message, 'http2.header.authority')).toBe('api.push.apple.com');
    expect(maker.rows[5].message.info).toBe('stream 2, REFUSED_STREAM');
  });
});

describe('losses', () => {
  it('shows exactly the references that cannot be known after a gap', () => {
    const parts = clientBytes();
    const maker = new RowMaker();
    maker.data(0, concatBytes(parts.slice(0, 4)));
    maker.gap(0);
    maker.data(0, concatBytes(parts.slice(4)));
    const row = maker.rows.at(-1)!;
    expect(row).toMatchObject({ type: 1, token: TOKEN, id: 3, topic: '' });
    // The name of this header was in the lost table; its value is a literal.
    const unnamed = row.message.fields.find((f) => f.name === 'headers')?.children?.find((f) => f.value === 'com.example.other');
    expect(unnamed?.text).toBe('com.example.other (entry not captured)');
    expect(fieldValue(row.message, 'apns.push_type')).toBeUndefined();
    expect(row.message.notes.map((n) => [n.code, n.detail])).toEqual([['http2.header-unresolved', '3 headers, first index 64']]);
  });

  it('decodes what literals allow when the capture starts in the middle', () => {
    const parts = clientBytes();
    const maker = new RowMaker();
    maker.data(0, concatBytes(parts.slice(4)));
    expect(maker.rows[0]).toMatchObject({ type: 1, token: TOKEN });
    expect(maker.rows[0].message.notes.map((n) => n.code)).toContain('http2.header-unresolved');
    expect(codes(maker)).not.toContain('http2.header-index');
  });

  it('still shows the body when the headers were lost', () => {
    const parts = clientBytes();
    const maker = new RowMaker();
    maker.data(0, concatBytes(parts.slice(0, 2)));
    maker.gap(0);
    maker.data(0, parts[3]);
    expect(maker.rows.at(-1)).toMatchObject({ type: 7, id: 1 });
    expect(maker.rows.at(-1)!.message.notes.map((n) => n.code)).toEqual(['http2.headers-missing']);
    expect(Buffer.from(fieldValue(maker.rows.at(-1)!.message, 'http2.body') as Uint8Array).toString()).toBe(BODY);
  });

  it('goes on after a gap at every frame boundary and inside every frame', () => {
    const parts = clientBytes();
    const bytes = concatBytes(parts);
    for (let lost = 0; lost < bytes.length; lost += 3) {
      const maker = new RowMaker();
      maker.data(0, bytes.subarray(0, lost));
      maker.gap(0);
      const rest = bytes.subarray(lost + 1);
      const at = maker.framing.resync(0, rest, 0, rest.length);
      if (at >= 0) maker.data(0, rest.subarray(at));
      const shown = maker.rows.filter((row) => row.message.notes.some((n) => n.code === 'http2.header-index'));
      expect(shown).toEqual([]);
      for (const row of maker.rows) if (row.topic !== '') expect(['com.example.app', 'com.example.other']).toContain(row.topic);
    }
  });

  it('finds frames again and nothing in random bytes', () => {
    const [, , headers, data] = clientBytes();
    const junk = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * i * 31 + 7) & 255));
    const { framing } = new RowMaker();
    const bytes = concatBytes([junk, headers, data]);
    expect(framing.resync(0, bytes, 0, bytes.length)).toBe(300);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 200, maxLength: 2000 }), (random) => framing.resync(1, random, 0, random.length) === -1),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('measure', () => {
  const { framing } = new RowMaker();
  const measure = (dir: Dir, ...bytes: number[]): number => framing.measure(dir, Uint8Array.from(bytes), 0, bytes.length);

  it('needs a whole header or preface to tell', () => {
    expect(measure(0, ...PREFACE.subarray(0, 23))).toBe(NEED);
    expect(measure(0, ...PREFACE)).toBe(24);
    expect(measure(0, 0, 0, 5, 0, 0, 0, 0, 0)).toBe(NEED);
    expect(measure(0, 0, 0, 5, 0, 0, 0, 0, 0, 1)).toBe(FRAME_HEADER + 5);
  });

  it('takes a frame with one fault and refuses one with two', () => {
    expect(measure(0, 0, 0, 7, 6, 0, 0, 0, 0, 0)).toBe(FRAME_HEADER + 7);
    expect(measure(0, 0, 0, 7, 6, 0, 0, 0, 0, 1)).toBe(BROKEN);
    expect(measure(1, 0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e, 0x31, 0x20)).toBe(BROKEN);
  });
});

describe('hostile connections', () => {
  it('gives up a header block that never ends', () => {
    const maker = new RowMaker();
    const frames = [PREFACE, writeFrame(4, 0, 0, new Uint8Array(0)), writeFrame(1, 1, 1, Uint8Array.of(0x82))];
    for (let i = 0; i < CONTINUATION_LIMIT + 10; i++) frames.push(writeFrame(9, 0, 1, Uint8Array.of(0x82)));
    maker.data(0, concatBytes(frames));
    expect(maker.rows[2].severity).toBe(3);
    expect(maker.rows[2].message.notes.map((n) => n.code)).toContain('http2.header-block-long');
    expect(maker.rows.slice(3).every((row) => row.message.notes.some((n) => n.code === 'http2.continuation-unexpected'))).toBe(true);
    expect(maker.heldStreams).toBe(0);
  });

  it('notes a frame that interrupts a header block and forgets the table', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    const block = w.hpack.encode(pushHeaders());
    maker.data(
      0,
      concatBytes([
        PREFACE,
        w.settings(),
        writeFrame(1, 1, 1, block.subarray(0, 8)),
        writeFrame(6, 0, 0, new Uint8Array(8)),
        writeFrame(9, 4, 1, block.subarray(8)),
      ]),
    );
    expect(codes(maker)).toEqual(['http2.continuation-expected', 'http2.continuation-unexpected']);
    maker.data(0, w.headers(3, pushHeaders(), { end: true }));
    expect(maker.rows.at(-1)!.message.notes.map((n) => n.code)).toContain('http2.header-unresolved');
  });

  it('cuts a body without end into rows', () => {
    const w = new H2Writer();
    const maker = new RowMaker();
    maker.data(1, concatBytes([w.settings(), w.headers(1, [{ name: ':status', value: '200' }])]));
    const chunk = w.data(1, new Uint8Array(16384), { end: false });
    for (let i = 0; i < HELD_LIMIT / 16384 + 2; i++) maker.data(1, chunk);
    maker.data(1, w.data(1, 'x'));
    expect(maker.rows[1].message.notes.map((n) => n.code)).toContain('http2.body-cut');
    expect(maker.rows.slice(2).map((row) => row.type)).toEqual([16, 16, 16]);
    expect(maker.rows.slice(2).map((row) => row.message.type & 0xff)).toEqual([16, 16, 16]);
    expect(maker.heldStreams).toBe(0);
  });

  it('notes a header table larger than the receiver allowed and frames longer than announced', () => {
    const client = new H2Writer();
    const maker = new RowMaker();
    maker.data(1, new H2Writer().settings([[1, 4096]]));
    client.hpack.resize(8192);
    maker.data(
      0,
      concatBytes([PREFACE, client.settings(), client.headers(1, pushHeaders(), { end: false }), client.data(1, new Uint8Array(16385))]),
    );
    expect(maker.rows[3]?.message.notes.map((n) => n.code)).toEqual([
      'http2.header-table-size',
      'http2.frame-over-limit',
      'http2.payload-large',
    ]);
  });

  it('notes DATA beyond the windows, and takes what WINDOW_UPDATE and SETTINGS allow', () => {
    const run = (settings: readonly (readonly [number, number])[], updates: readonly Uint8Array[]): string[] => {
      const w = new H2Writer();
      const maker = new RowMaker();
      maker.data(1, concatBytes([w.settings(settings), ...updates]));
      maker.data(0, concatBytes([PREFACE, w.settings(), w.headers(1, pushHeaders({ ':path': '/x' }))]));
      for (let i = 0; i < 4; i++) maker.data(0, w.data(1, new Uint8Array(16384), { end: i === 3 }));
      return maker.rows
        .at(-1)!
        .message.notes.map((n) => n.code)
        .filter((code) => code === 'http2.flow-control');
    };
    const more = (stream: number): Uint8Array => writeFrame(8, 0, stream, Uint8Array.of(0, 0, 0, 1));
    expect(run([], [])).toEqual(['http2.flow-control']);
    expect(run([[4, 65536]], [])).toEqual(['http2.flow-control']);
    expect(run([[4, 65536]], [more(0)])).toEqual([]);
  });

  it('never throws, whatever the bytes, and frames what it accepts', () => {
    const mutated = fc.tuple(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.boolean());
    const bytes = concatBytes(clientBytes());
    fc.assert(
      fc.property(mutated, fc.uint8Array({ maxLength: 200 }), ([changes, tail], random) => {
        const copy = bytes.slice();
        for (const [at, value] of changes) copy[at % copy.length] = value;
        const maker = new RowMaker();
        maker.data(0, tail ? concatBytes([copy, random]) : copy);
        maker.data(1, random);
        for (const row of maker.rows) {
          for (const n of row.message.notes) {
            expect(n.start).toBeLessThanOrEqual(n.end);
            expect(n.end).toBeLessThanOrEqual(row.bytes.length);
          }
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('decodes any bytes with any aux without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 60 }), fc.constantFrom<Dir>(0, 1), (bytes, aux, dir) => {
        const message = http2.decode(bytes, dir, aux);
        expect(message.dialect).toBe('http2');
        for (const n of message.notes) expect(n.end).toBeLessThanOrEqual(bytes.length);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe('the law: what is read from what was written is the same', () => {
  const value = fc.string({ unit: fc.constantFrom(...'abcXYZ019-. /+='), maxLength: 30 });
  const request = fc.record({
    topic: fc.stringMatching(/^[a-z.]{1,40}$/),
    id: fc.option(fc.uuid()),
    extra: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,6}$/), value, { maxKeys: 4 }),
    split: fc.integer({ min: 1, max: 200 }),
    body: fc.uint8Array({ minLength: 1, maxLength: 100 }),
  });

  it('holds over whole connections, each row decoded alone', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
        const w = new H2Writer();
        const maker = new RowMaker();
        maker.data(0, concatBytes([PREFACE, w.settings()]));
        requests.forEach(({ topic, id, extra, split, body }, i) => {
          const headers = pushHeaders({ 'apns-topic': topic, 'apns-id': id ?? undefined, ...extra });
          maker.data(0, concatBytes([w.headers(2 * i + 1, headers, { split }), w.data(2 * i + 1, body)]));
        });
        requests.forEach(({ topic, id, extra, body }, i) => {
          const row = maker.rows[i + 2];
          expect(row).toMatchObject({ type: 1, id: 2 * i + 1, topic, token: TOKEN });
          expect(fieldValue(row.message, 'apns.topic')).toBe(topic);
          expect(fieldValue(row.message, 'apns.id')).toBe(id ?? undefined);
          for (const [name, text] of Object.entries(extra)) expect(fieldValue(row.message, `http2.header.${name}`)).toBe(text);
          expect(fieldValue(row.message, 'apns.payload')).toEqual(body);
        });
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});

describe('a recording of node:http2', () => {
  it('lists every request and response with every header', async () => {
    const recorded: { dir: Dir; bytes: Uint8Array }[] = [];
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      request.resume();
      request.on('end', () => {
        const bad = request.headers[':path']?.includes('bad0');
        response.setHeader('apns-id', request.headers['apns-id'] ?? '');
        response.statusCode = bad ? 410 : 200;
        response.end(bad ? '{"reason":"Unregistered","timestamp":1763740000123}' : '');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tap = tcpServer((client) => {
      const upstream = tcpConnect((server.address() as AddressInfo).port, '127.0.0.1');
      client.on('data', (bytes: Buffer) => {
        recorded.push({ dir: 0, bytes: Uint8Array.from(bytes) });
        upstream.write(bytes);
      });
      upstream.on('data', (bytes: Buffer) => {
        recorded.push({ dir: 1, bytes: Uint8Array.from(bytes) });
        client.write(bytes);
      });
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      client.on('error', () => {});
      upstream.on('error', () => {});
    });
    tap.listen(0, '127.0.0.1');
    await once(tap, 'listening');
    const session: ClientHttp2Session = connect(`http://127.0.0.1:${(tap.address() as AddressInfo).port}`);
    const count = 40;
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': `/3/device/${i % 10 === 3 ? 'bad0'.repeat(16) : TOKEN}`,
          'apns-topic': `com.example.app${i % 3}`,
          'apns-push-type': 'alert',
          'apns-id': `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
          'x-long': 'v'.repeat(i * 40),
        });
        stream.end(JSON.stringify({ aps: { alert: `message ${i}` } }));
        stream.resume();
        await once(stream, 'close');
      }),
    );
    session.close();
    await once(session, 'close');
    await Promise.all([server, tap].map((s) => new Promise((done) => (s as Server).close(done))));

    const maker = new RowMaker();
    for (const { dir, bytes } of recorded) maker.data(dir, bytes);
    expect(maker.broken).toBe(0);
    expect(maker.heldStreams).toBe(0);
    const requests = maker.rows.filter((row) => row.type === 1);
    const answers = maker.rows.filter((row) => row.type === 8);
    expect(requests).toHaveLength(count);
    expect(answers).toHaveLength(count);
    requests.forEach((row, i) => {
      for (const [name, text] of Object.entries(seen[i])) {
        expect(fieldValue(row.message, `http2.header.${name.replace(/^:/, '')}`)).toBe(text);
      }
      expect(row.topic).toBe(seen[i]['apns-topic']);
      expect(row.message.notes).toEqual([]);
    });
    const gone = answers.filter((row) => row.status === 410);
    expect(gone).toHaveLength(4);
    expect(gone[0].message.info).toBe('410 Gone: Unregistered, inactive since 2025-11-21T15:46:40Z');
    expect(fieldValue(gone[0].message, 'apns.inactive_since')).toBe(1763740000123n);
    for (const answer of answers) {
      const request = requests.find((row) => row.id === answer.id)!;
      expect(fieldValue(answer.message, 'apns.id')).toBe(fieldValue(request.message, 'apns.id'));
    }
  });
});

describe('index', () => {
  it('fills the cells of held frames, so that a message without end can be listed', () => {
    const w = new H2Writer();
    const framing = http2.open({});
    const cells = new Cells();
    const frames = [PREFACE, w.settings(), w.headers(1, pushHeaders())];
    for (const frame of frames) {
      cells.clear();
      framing.index(0, frame, 0, frame.length, cells);
    }
    expect(cells.hold).toBe(1);
    expect(cells.type & 0xff).toBe(1);
    expect(Buffer.from(cells.topicFrom!.slice(0, cells.topicEnd)).toString()).toBe('com.example.app');
    expect(cells.tokenEnd).toBe(32);
  });
});
