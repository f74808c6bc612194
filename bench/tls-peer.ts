import { createCipheriv, createHmac } from 'node:crypto';

/** Bytes that a record adds in front of its content, and behind it: the header; the content type and the tag. */
export const RECORD_HEAD = 5;
const RECORD_TAIL = 17;

const AES_128_GCM = 0x1301;
const SNI = 'courier.push.apple.com';
const ALPN = 'apns-security-v3';
const HANDSHAKE = 22;
const DATA = 23;

/** Handshake messages, each a row of a listing: two hellos, EncryptedExtensions, two Finished. */
export const HANDSHAKE_MESSAGES = 5;

/**
 * One end-to-end TLS 1.3 session from known secrets (RFC 8446): the hellos, a short handshake under valid tags, records.
 * There is no key exchange and no certificate: what reads a session with a key log needs neither.
 */
export class TlsPeer {
  private readonly lines: string[] = [];
  private readonly random = new Uint8Array(32);
  private readonly handshake: readonly [Sealer, Sealer];
  private readonly application: readonly [Sealer, Sealer];

  /** `next` is the generator of the traffic, so that the same seed makes the same file. */
  constructor(next: () => number) {
    fill(this.random, next);
    this.handshake = [this.sealer('CLIENT_HANDSHAKE_TRAFFIC_SECRET', next), this.sealer('SERVER_HANDSHAKE_TRAFFIC_SECRET', next)];
    this.application = [this.sealer('CLIENT_TRAFFIC_SECRET_0', next), this.sealer('SERVER_TRAFFIC_SECRET_0', next)];
  }

  /** The lines of the key log for this session, each with its end. */
  get keyLog(): string {
    return this.lines.join('');
  }

  clientHello(): Uint8Array {
    const name = ascii(SNI);
    const extensions = [
      extension(0, [...u16(name.length + 3), 0, ...u16(name.length), ...name]),
      extension(16, [...u16(ALPN.length + 1), ALPN.length, ...ascii(ALPN)]),
      extension(43, [2, 3, 4]),
      extension(51, [...u16(36), ...u16(29), ...u16(32), ...this.random]),
    ].flat();
    return clear(1, [3, 3, ...this.random, 0, ...u16(2), ...u16(AES_128_GCM), 1, 0, ...u16(extensions.length), ...extensions]);
  }

  serverFlight(): Uint8Array {
    const extensions = [extension(43, [3, 4]), extension(51, [...u16(29), ...u16(32), ...this.random])].flat();
    const random = this.random.map((byte) => byte ^ 0x5a);
    const hello = clear(2, [3, 3, ...random, 0, ...u16(AES_128_GCM), 0, ...u16(extensions.length), ...extensions]);
    const chosen = extension(16, [...u16(ALPN.length + 1), ALPN.length, ...ascii(ALPN)]);
    const rest = [...message(8, [...u16(chosen.length), ...chosen]), ...message(20, new Array<number>(32).fill(7))];
    return joined(hello, this.handshake[1], rest);
  }

  clientFinished(): Uint8Array {
    return joined(new Uint8Array(0), this.handshake[0], message(20, new Array<number>(32).fill(8)));
  }

  /** Turns content at `buf[at + RECORD_HEAD, end)` into a record at `at`; returns its end. */
  seal(fromClient: boolean, buf: Uint8Array, at: number, end: number): number {
    return this.application[fromClient ? 0 : 1].seal(DATA, buf, at, end);
  }

  private sealer(label: string, next: () => number): Sealer {
    const secret = new Uint8Array(32);
    fill(secret, next);
    this.lines.push(`${label} ${Buffer.from(this.random).toString('hex')} ${Buffer.from(secret).toString('hex')}\n`);
    return new Sealer(expand(secret, 'key', 16), expand(secret, 'iv', 12));
  }
}

class Sealer {
  private readonly key: Uint8Array;
  private readonly iv: Uint8Array;
  private readonly nonce = new Uint8Array(12);
  private sequence = 0;

  constructor(key: Uint8Array, iv: Uint8Array) {
    this.key = key;
    this.iv = iv;
  }

  seal(type: number, buf: Uint8Array, at: number, end: number): number {
    const { nonce } = this;
    nonce.set(this.iv);
    for (let i = 0; i < 4; i++) nonce[8 + i] ^= this.sequence >>> (24 - 8 * i);
    this.sequence++;
    const from = at + RECORD_HEAD;
    buf[end] = type;
    buf.set([DATA, 3, 3, ...u16(end - from + RECORD_TAIL)], at);
    const cipher = createCipheriv('aes-128-gcm', this.key, nonce);
    cipher.setAAD(buf.subarray(at, from));
    buf.set(cipher.update(buf.subarray(from, end + 1)), from);
    cipher.final();
    buf.set(cipher.getAuthTag(), end + 1);
    return end + RECORD_TAIL;
  }
}

/** HKDF-Expand-Label with an empty context. */
function expand(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = ascii(`tls13 ${label}`);
  const info = Uint8Array.from([...u16(length), name.length, ...name, 0, 1]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

function joined(front: Uint8Array, sealer: Sealer, content: readonly number[]): Uint8Array {
  const out = new Uint8Array(front.length + RECORD_HEAD + content.length + RECORD_TAIL);
  out.set(front);
  out.set(content, front.length + RECORD_HEAD);
  sealer.seal(HANDSHAKE, out, front.length, front.length + RECORD_HEAD + content.length);
  return out;
}

/** A handshake message in a record of its own. */
function clear(type: number, body: readonly number[]): Uint8Array {
  return Uint8Array.from([HANDSHAKE, 3, 1, ...u16(body.length + 4), ...message(type, body)]);
}

function message(type: number, body: readonly number[]): number[] {
  return [type, 0, ...u16(body.length), ...body];
}

function extension(type: number, body: readonly number[]): number[] {
  return [...u16(type), ...u16(body.length), ...body];
}

function u16(n: number): number[] {
  return [(n >>> 8) & 255, n & 255];
}

function ascii(text: string): number[] {
  return Array.from(text, (c) => c.charCodeAt(0));
}

function fill(out: Uint8Array, next: () => number): void {
  for (let i = 0; i < out.length; i++) out[i] = (next() * 256) | 0;
}
