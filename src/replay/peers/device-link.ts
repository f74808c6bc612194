import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { fromHex, toHex } from '../../core/bytes.ts';
import type { Message } from '../../core/message.ts';
import { COURIER } from '../../schema/courier.ts';
import { bytesOf, CourierWire, numberOf } from './courier-wire.ts';
import { Outbox } from './outbox.ts';

/** Bytes from which the dialect can be told. */
const TELLING_BYTES = 3;
const TOKEN_LENGTH = 32;
const GOODBYE = 2;
const NO_BYTES = new Uint8Array(0);
/** What Apple's courier announced: 4 KB, and 16 KB for topics that may send more. */
const MESSAGE_SIZE = 0x1000;
const LARGE_MESSAGE_SIZE = 0x4000;
/** Fields of a filter whose topics are delivered; ignored and paused ones are not. */
const ASKED: ReadonlySet<string> = new Set(['enabled', 'opportunistic', 'non_waking']);

export interface DeviceEars {
  /** The device has said who it is and what it asks for. */
  ready(link: DeviceLink): void;
  /** `token`: hex, empty for none; undefined where the dialect has no word for it. */
  acknowledged(id: number | undefined, status: number | undefined, token: string | undefined): void;
  closed(link: DeviceLink): void;
}

/** A device that has connected to us, as a courier sees it: answers its commands, and says what it is told to deliver. */
export class DeviceLink {
  /** Hex, once it is known. */
  token = '';
  readonly topics = new Set<string>();
  closed = false;
  ears: DeviceEars;
  wire: CourierWire | undefined;
  private readonly socket: Socket;
  private readonly outbox: Outbox;
  private readonly alpn: string | undefined;
  private early: Buffer = Buffer.alloc(0);
  private lastId = 0;
  private readonly scoped = new Map<string, string>();

  constructor(socket: Socket, alpn: string | undefined, ears: DeviceEars) {
    this.socket = socket;
    this.alpn = alpn;
    this.ears = ears;
    this.outbox = new Outbox(socket);
    socket.on('data', (bytes: Buffer) => this.hear(bytes));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
      this.ears.closed(this);
    });
  }

  /** A promise when the socket has enough. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.outbox.add(bytes);
  }

  flush(): void {
    this.outbox.flush();
  }

  /** Ends the connection after what was written. */
  end(): void {
    this.outbox.flush();
    this.socket.end();
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The token for a topic that the device asked for, hex. */
  scopedToken(topic: string): string | undefined {
    return this.scoped.get(topic);
  }

  /** A message id that this device was not given before: the recorded one, or the next. */
  newId(recorded: number): number {
    this.lastId = Math.max(recorded, this.lastId + 1);
    return this.lastId;
  }

  private hear(bytes: Buffer): void {
    let data = bytes;
    if (this.wire === undefined) {
      data = Buffer.concat([this.early, bytes]);
      this.early = data;
      if (data.length < TELLING_BYTES) return;
      this.wire = wireFor(this.alpn, data);
    }
    this.wire.hear(data, (message) => this.heard(message));
    this.outbox.flush();
    if (this.wire.broken) this.socket.destroy();
  }

  private heard(message: Message): void {
    switch (message.command) {
      case 'connect':
        this.connect(message);
        break;
      case 'filter':
        this.filter(message);
        break;
      case 'message_ack':
        this.ears.acknowledged(
          numberOf(message, 'id'),
          numberOf(message, 'status'),
          this.wire?.ios4 === true ? undefined : toHex(bytesOf(message, 'token') ?? NO_BYTES),
        );
        break;
      case 'keep_alive':
        this.say('keep_alive_response', {});
        break;
      case 'flush':
        this.say('flush_response', { padding: new Uint8Array(Math.min(0xffff, numberOf(message, 'want_padding') ?? 0)) });
        break;
      case 'message':
        this.say('message_ack', { status: 0, ...this.idOf(message) });
        break;
      case 'presence_tracking':
        this.say('presence_tracking_response', { ...this.idOf(message), token: bytesOf(message, 'token'), status: 0 });
        break;
      case 'pub_sub_channel_list':
        this.say('pub_sub_channel_list', { ...this.idOf(message), token: fromHex(this.token), status: 0 });
        break;
      case 'app_token_generate':
        this.appToken(message);
        break;
      default:
    }
  }

  private connect(message: Message): void {
    if (numberOf(message, 'state') === GOODBYE) {
      this.say('connect_response', { status: 0 });
      return;
    }
    const given = bytesOf(message, 'token');
    const known = given !== undefined && given.length === TOKEN_LENGTH && given.some((byte) => byte !== 0);
    // A device without a token gets one; which one does not matter, as long as it is its own.
    const own = known ? given : createHash('sha256').update(`${this.socket.remoteAddress}:${this.socket.remotePort}`).digest();
    this.token = toHex(own);
    const token = known && this.wire?.ios4 !== true ? {} : { token: own };
    if (this.wire?.ios4 === true) this.say('connect_response', { status: 0, ...token });
    else
      this.say('connect_response', {
        status: 0,
        ...token,
        message_size: MESSAGE_SIZE,
        unknown5: 2,
        large_message_size: LARGE_MESSAGE_SIZE,
        server_time: BigInt(Date.now()),
      });
  }

  private filter(message: Message): void {
    this.topics.clear();
    for (const { name, value } of message.fields) {
      const list = name.replace(/\[\d+\]$/, '');
      if (ASKED.has(list) && value instanceof Uint8Array) this.topics.add(toHex(value));
    }
    const version = message.fields.find(({ name }) => name === 'version')?.value;
    if (version !== undefined) this.say('filter_response', { token: fromHex(this.token), version, status: 0 });
    if (this.token !== '') this.ears.ready(this);
  }

  private appToken(message: Message): void {
    const topic = bytesOf(message, 'topic');
    if (topic === undefined) return;
    const token = createHash('sha256').update(this.token).update(topic).digest();
    this.scoped.set(toHex(topic), toHex(token));
    const app = numberOf(message, 'app_id');
    this.say('app_token_generate_response', { status: 0, token, topic, ...(app === undefined ? {} : { app_id: app }) });
  }

  private idOf(message: Message): { readonly id?: number } {
    const id = numberOf(message, 'id');
    return id === undefined ? {} : { id };
  }

  private say(command: string, fields: Parameters<CourierWire['say']>[1]): void {
    if (this.wire !== undefined && !this.closed) void this.outbox.add(this.wire.say(command, fields));
  }
}

/**
 * The language by ALPN, and by the first bytes: commands below 07 are of iOS 4 only, and a packed Connect is shorter than the
 * length of four bytes that an unpacked one states, two of them zero.
 */
function wireFor(alpn: string | undefined, first: Uint8Array): CourierWire {
  const packed = first[0] === COURIER.connect.id && (first[1] !== 0 || first[2] !== 0);
  return new CourierWire(alpn ?? (packed ? 'apns-pack-v1' : undefined), first[0] < COURIER.connect.id, 0);
}
