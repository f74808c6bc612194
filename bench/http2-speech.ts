import { FRAME_HEADER, PREFACE, writeFrame } from '../src/codec/http2/frames.ts';
import { type Header, HpackEncoder } from '../src/codec/http2/hpack-encoder.ts';
import { toHex } from '../src/core/bytes.ts';
import { FLAG, FRAME } from '../src/schema/http2.ts';
import { makePayloads, TOPICS } from './content.ts';
import { type Packets, type Peer, put32 } from './packets.ts';
import type { Speech } from './traffic.ts';

/** Device tokens that pushes go to. */
const TOKENS = 20_000;
/** Requests that are open at the same time, at most. */
const CONCURRENT = 20;
/** Requests that APNs refuses. */
const REFUSED = 0.03;

const SETTINGS_ACK = writeFrame(FRAME.settings, FLAG.ack, 0, new Uint8Array(0));

interface Tables {
  readonly client: HpackEncoder;
  readonly server: HpackEncoder;
  stream: number;
}

/**
 * Device pushes over HTTP/2 as `node:http2` writes them: path and provider token as literals in each request, the rest through
 * the table; up to twenty requests open, answered in another order; a few refused with a reason. A message is a request, a
 * response, or a frame of the connection.
 */
export class Http2Speech implements Speech {
  private readonly packets: Packets;
  private readonly payloads: Uint8Array[];
  private readonly tokens: string[] = [];
  private readonly jwt: string;
  private readonly tables = new WeakMap<Peer, Tables>();

  constructor(packets: Packets) {
    this.packets = packets;
    this.payloads = makePayloads(packets.next);
    for (let i = 0; i < TOKENS; i++) this.tokens.push(toHex(this.random(32)));
    const part = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
    const text = (value: object): string => part(new TextEncoder().encode(JSON.stringify(value)));
    const claims = text({ iss: 'ABCDE12345', iat: packets.sec - 600 });
    this.jwt = `${text({ alg: 'ES256', kid: 'KEY1234567' })}.${claims}.${part(this.random(64))}`;
  }

  begin(peer: Peer): void {
    const { packets } = this;
    const { burst } = packets;
    this.tables.set(peer, { client: new HpackEncoder(), server: new HpackEncoder(), stream: 1 });
    const settings = Uint8Array.of(0, 3, 0, 0, 0x03, 0xe8, 0, 5, 0, 0, 0x40, 0, 0, 6, 0, 0, 0x1f, 0x40);
    const window = new Uint8Array(4);
    put32(window, 0, 0x3fff0000);
    burst.set(PREFACE, 0);
    let end = this.put(FRAME.settings, 0, 0, new Uint8Array(0), PREFACE.length);
    end = this.put(FRAME.windowUpdate, 0, 0, window, end);
    peer.client = packets.send(peer, true, end, peer.client);
    end = this.put(FRAME.settings, 0, 0, settings, 0);
    end = this.put(FRAME.windowUpdate, 0, 0, window, end);
    burst.set(SETTINGS_ACK, end);
    peer.server = packets.send(peer, false, end + SETTINGS_ACK.length, peer.server);
    burst.set(SETTINGS_ACK, 0);
    peer.client = packets.send(peer, true, SETTINGS_ACK.length, peer.client);
    packets.counts.messages += 7;
  }

  exchange(peer: Peer): void {
    const { packets } = this;
    const { next, counts } = packets;
    const tables = this.tables.get(peer) as Tables;
    const many = 1 + ((next() ** 2 * CONCURRENT) | 0);
    const streams: number[] = [];
    let end = 0;
    for (let i = 0; i < many; i++) {
      streams.push(tables.stream);
      end = this.request(tables, end);
      tables.stream += 2;
    }
    peer.client = packets.send(peer, true, end, peer.client);
    end = 0;
    while (streams.length > 0) end = this.response(tables, streams.splice((next() * streams.length) | 0, 1)[0], end);
    peer.server = packets.send(peer, false, end, peer.server);
    counts.messages += 2 * many;
  }

  private request(tables: Tables, at: number): number {
    const { next, sec } = this.packets;
    const payload = this.payloads[(next() * this.payloads.length) | 0];
    const headers: Header[] = [
      { name: ':method', value: 'POST' },
      { name: ':path', value: `/3/device/${this.tokens[(next() * TOKENS) | 0]}` },
      { name: ':scheme', value: 'https' },
      { name: ':authority', value: 'api.push.apple.com' },
      { name: 'authorization', value: `bearer ${this.jwt}` },
      { name: 'apns-topic', value: TOPICS[(next() * TOPICS.length) | 0] },
      { name: 'apns-push-type', value: 'alert' },
      { name: 'apns-priority', value: '10' },
      { name: 'apns-expiration', value: String(sec + 86_400) },
      { name: 'apns-id', value: this.uuid() },
    ];
    const end = this.put(FRAME.headers, FLAG.endHeaders, tables.stream, tables.client.encode(headers), at);
    return this.put(FRAME.data, FLAG.endStream, tables.stream, payload, end);
  }

  private response(tables: Tables, stream: number, at: number): number {
    const refused = this.packets.next() < REFUSED;
    const headers = [
      { name: ':status', value: refused ? '400' : '200' },
      { name: 'apns-id', value: this.uuid() },
    ];
    const flags = refused ? FLAG.endHeaders : FLAG.endHeaders | FLAG.endStream;
    const end = this.put(FRAME.headers, flags, stream, tables.server.encode(headers), at);
    if (!refused) return end;
    return this.put(FRAME.data, FLAG.endStream, stream, new TextEncoder().encode('{"reason":"BadDeviceToken"}'), end);
  }

  /** Writes a frame into the burst at `at`; returns its end. */
  private put(type: number, flags: number, stream: number, payload: Uint8Array, at: number): number {
    this.packets.burst.set(writeFrame(type, flags, stream, payload), at);
    return at + FRAME_HEADER + payload.length;
  }

  private random(bytes: number): Uint8Array {
    return Uint8Array.from({ length: bytes }, () => this.packets.next() * 256);
  }

  private uuid(): string {
    return toHex(this.random(16)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
