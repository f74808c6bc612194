import { describe, expect, it } from 'vitest';
import { Spool } from '../../src/capture/spool.ts';
import { http2 } from '../../src/codec/http2/dialect.ts';
import { packed } from '../../src/codec/packed/dialect.ts';
import { PackedWriter } from '../../src/codec/packed/writer.ts';
import { tlv } from '../../src/codec/tlv.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import type { Dialect } from '../../src/core/dialect.ts';
import { DIALECTS } from '../../src/core/message.ts';
import type { Dir } from '../../src/core/stream.ts';
import { Connection, type ConnectionFacts } from '../../src/timeline/connection.ts';
import { Rows } from '../../src/timeline/rows.ts';
import { H2Writer, pushHeaders, TOKEN } from '../support/http2-writer.ts';

interface Seen {
  readonly type: string;
  readonly id: number | undefined;
  readonly topic: string | undefined;
  readonly token: string;
  readonly status: number;
  readonly severity: number;
  readonly length: number;
}

/** One connection of a dialect that is known from the start; bytes live where they are delivered. */
class Wire {
  readonly rows: Rows;
  private readonly connection: Connection;
  private readonly spool = new Spool();

  constructor(dialect: Dialect) {
    this.rows = new Rows({ packet: 1, sec: 1, nsec: 0 }, this.spool);
    const facts: ConnectionFacts = { stream: 0, rolesKnown: true, swapped: false, dialect: 0, alpn: undefined, tls: false };
    this.connection = new Connection(
      { rows: this.rows, at: this.rows.at, detect: () => ({ dialect, swapped: false }), openTls: () => undefined },
      facts,
    );
  }

  data(dir: Dir, ...parts: Uint8Array[]): this {
    const bytes = concatBytes(parts);
    this.connection.data(dir, bytes, 0, bytes.length, this.spool.append(bytes));
    return this;
  }

  gap(dir: Dir, length: number): this {
    this.connection.gap(dir, length);
    return this;
  }

  end(): this {
    for (const dir of [0, 1] as const) this.connection.end(dir, 'capture-end');
    return this;
  }

  get seen(): Seen[] {
    const { columns, topics } = this.rows;
    return Array.from({ length: columns.rows }, (_, row) => ({
      type: `${DIALECTS[columns.type(row) >>> 8]} ${columns.type(row) & 0xff}`,
      id: columns.id(row),
      topic: columns.topic(row) < 0 ? undefined : new TextDecoder().decode(topics.values[columns.topic(row)]),
      token: (columns.token(row) >>> 0).toString(16),
      status: columns.status(row),
      severity: columns.severity(row),
      length: columns.length(row),
    }));
  }
}

const PUSH_TOKEN = TOKEN.slice(0, 8);

describe('an HTTP/2 message that is not complete', () => {
  const client = () => new H2Writer();

  it('keeps its type and what its headers say when the capture ends before its body', () => {
    const w = client();
    const headers = w.headers(1, pushHeaders());
    const whole = new Wire(http2).data(0, headers, w.data(1, '{}')).end().seen[0];
    const cut = new Wire(http2).data(0, headers).end().seen;
    expect(cut).toEqual([{ ...whole, severity: 2, length: headers.length }]);
    expect(cut[0]).toMatchObject({ id: 1, topic: 'com.example.app', token: PUSH_TOKEN });
  });

  it('comes before the bytes that broke the framing', () => {
    const w = client();
    const wire = new Wire(http2).data(0, w.headers(1, pushHeaders()), new Uint8Array(40).fill(0xee)).end();
    expect(wire.seen.map(({ type, topic }) => [type, topic])).toEqual([
      [expect.stringMatching(/^http2 /), 'com.example.app'],
      ['capture 2', undefined],
    ]);
  });

  it('stays one message around a hole in its DATA, and the header table is still known behind it', () => {
    const w = client();
    const body = w.data(1, 'x'.repeat(100));
    const first = concatBytes([w.headers(1, pushHeaders()), body.subarray(0, 30)]);
    const wire = new Wire(http2).data(0, first).gap(0, 50).data(0, body.subarray(80));
    wire.data(0, w.headers(3, pushHeaders(), { end: true })).end();
    const [gap, holed, next] = wire.seen;
    expect(gap.type).toMatch(/^capture /);
    expect(holed).toMatchObject({
      id: 1,
      topic: 'com.example.app',
      token: PUSH_TOKEN,
      severity: 2,
      length: first.length + 50 + body.length - 80,
    });
    expect(next).toMatchObject({ id: 3, topic: 'com.example.app', token: PUSH_TOKEN, type: holed.type });
  });

  it('is known by the headers before a hole in them', () => {
    const w = client();
    const headers = w.headers(1, [{ name: 'apns-topic', value: 'com.example.app' }, ...pushHeaders({ 'apns-topic': undefined })], {
      end: true,
    });
    const at = headers.length - 30;
    const wire = new Wire(http2)
      .data(0, headers.subarray(0, at))
      .gap(0, 10)
      .data(0, headers.subarray(at + 10))
      .end();
    expect(wire.seen[1]).toMatchObject({ id: 1, topic: 'com.example.app', severity: 2, length: headers.length });
  });
});

describe('a courier message with a hole', () => {
  const item = (id: number, ...value: number[]) => Uint8Array.of(id, 0, value.length, ...value);
  const token = Array.from({ length: 32 }, (_, i) => 0xa0 + (i % 16));
  const body = concatBytes([item(1, ...token), item(4, 0, 0, 0, 7), item(3, ...new Array<number>(50).fill(0x20))]);
  const message = concatBytes([Uint8Array.of(0x0a, 0, 0, 0, body.length), body]);

  it('has the columns that the bytes before the hole give', () => {
    const wire = new Wire(tlv).data(1, message.subarray(0, 60)).gap(1, 20).data(1, message.subarray(80)).end();
    expect(wire.seen[1]).toMatchObject({ type: 'courier 10', id: 7, token: 'a0a1a2a3', severity: 2, length: message.length });
  });

  it('does not take zeros in the hole for values', () => {
    const wire = new Wire(tlv).data(1, message.subarray(0, 10)).gap(1, 30).data(1, message.subarray(40)).end();
    expect(wire.seen[1]).toMatchObject({ type: 'courier 10', id: undefined, token: '0', severity: 2 });
  });
});

describe('a packed message with a hole', () => {
  const token = Uint8Array.from({ length: 32 }, (_, i) => 0xb0 + i);
  const payload = new Uint8Array(80).fill(0x20);

  it('resolves the references before the hole with the tables as they were, and forgets them behind it', () => {
    const writer = new PackedWriter();
    const message = () =>
      writer.frame(0x0a, [
        { id: 1, value: token, indexed: true },
        { id: 3, value: payload, indexed: false },
      ]);
    const [connect, first, second, third] = [writer.frame(0x08, []), message(), message(), message()];
    expect(second.length).toBeLessThan(first.length);
    const wire = new Wire(packed).data(1, connect, first, second.subarray(0, 20)).gap(1, 40).data(1, second.subarray(60), third).end();
    expect(wire.seen.map(({ type, token: prefix, severity }) => [type, prefix, severity > 1])).toEqual([
      ['courier-packed 8', '0', false],
      ['courier-packed 10', 'b0b1b2b3', false],
      ['capture 1', '0', true],
      ['courier-packed 10', 'b0b1b2b3', true],
      ['courier-packed 10', '0', expect.any(Boolean)],
    ]);
  });
});
