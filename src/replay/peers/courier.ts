import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { ios4 } from '../../codec/ios4.ts';
import { packItems } from '../../codec/packed/convert.ts';
import { packedTableSizes } from '../../codec/packed/detect.ts';
import { PackedReader } from '../../codec/packed/live.ts';
import { packedAttributes } from '../../codec/packed/message.ts';
import { PackedWriter } from '../../codec/packed/writer.ts';
import { tlv } from '../../codec/tlv.ts';
import { toHex, u32 } from '../../core/bytes.ts';
import { BROKEN, NEED } from '../../core/dialect.ts';
import { EXIT, UserError } from '../../core/errors.ts';
import { DIALECT, type Field, type Message } from '../../core/message.ts';
import type { FieldValues } from '../../schema/build.ts';
import { printWire, type WireOut, wireValue } from '../outgoing.ts';
import { type Answer, answerOf } from '../recorded.ts';
import { putWire } from '../rewrite.ts';
import { Outbox } from './outbox.ts';
import type { Peer, PeerParts } from './peer.ts';

/** Which command of the server answers which of the device. */
const ASKED_BY: Readonly<Record<string, string>> = {
  connect_response: 'connect',
  filter_response: 'filter',
  keep_alive_response: 'keep_alive',
  flush_response: 'flush',
  message_ack: 'message',
  app_token_generate_response: 'app_token_generate',
  presence_tracking_response: 'presence_tracking',
  pub_sub_channel_list: 'pub_sub_channel_list',
};
/** Answers that name their question by its id. */
const BY_ID: ReadonlySet<string> = new Set(['message_ack', 'pub_sub_channel_list', 'presence_tracking_response']);
const GOODBYE = 2;
/** What the emulator's record leaves out, because it comes by the thousand: no proof can be had of it. */
const UNRECORDED: ReadonlySet<string> = new Set(['keep_alive', 'message_ack']);

interface Live {
  readonly id: number | undefined;
  readonly token: Uint8Array | undefined;
}

/** A device towards a courier: says what was recorded, with tables of its own; acknowledges what comes and answers flushes. */
export class CourierPeer implements Peer {
  private readonly parts: PeerParts;
  private readonly ios4: boolean;
  private socket: Socket | undefined;
  private outbox: Outbox | undefined;
  private reader: PackedReader | undefined;
  private writer: PackedWriter | undefined;
  private pending: Buffer = Buffer.alloc(0);
  private closed = false;
  private broken: string | undefined;
  private readonly asked = new Map<string, { index: number; id: number | undefined }[]>();
  /** Rows of the recorded messages that planned acknowledgements are for, in order of the recording. */
  private readonly acknowledged: { row: number; ackAt: number }[] = [];
  private readonly live = new Map<number, Live>();
  private received = 0;
  private readonly wakes: (() => void)[] = [];

  private constructor(parts: PeerParts) {
    this.parts = parts;
    this.ios4 = parts.connection.dialect === DIALECT.ios4;
    const { timeline, connection, ledger } = parts;
    for (const index of connection.units) {
      const row = timeline.analysis?.pair(ledger.plan.rows[index]) ?? -1;
      if (row >= 0 && timeline.rows.columns.dir(row) === 1 && row < ledger.plan.rows[index]) this.acknowledged.push({ row, ackAt: index });
    }
    this.acknowledged.sort((a, b) => a.row - b.row);
  }

  static async open(parts: PeerParts): Promise<CourierPeer> {
    const peer = new CourierPeer(parts);
    const { connection, timeline } = parts;
    const recorded = timeline.streams[connection.stream]?.facts.alpn;
    const usual = { [DIALECT.courier]: 'apns-security-v3', [DIALECT.packed]: 'apns-pack-v1' }[connection.dialect];
    const offer = recorded ?? usual;
    const { socket, alpn } = await parts.open(offer === undefined ? [] : [offer]);
    // Without ALPN the recorded dialect is spoken.
    const sizes = packedTableSizes(alpn ?? (connection.dialect === DIALECT.packed ? 'apns-pack-v1' : ''));
    if (sizes !== undefined) {
      if (peer.ios4) throw new UserError('replay.alpn', 'The dialect of iOS 4 cannot be packed: leave out --alpn.', EXIT.usage);
      peer.writer = new PackedWriter(sizes.c2s);
      peer.reader = new PackedReader(1, sizes.s2c);
    }
    peer.attach(socket);
    return peer;
  }

  private attach(socket: Socket): void {
    this.socket = socket;
    this.outbox = new Outbox(socket);
    socket.on('data', (bytes: Buffer) => this.hear(bytes));
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
      this.wakeAll();
    });
  }

  send(index: number): Promise<void> | undefined {
    const { ledger, clock } = this.parts;
    if (this.closed || this.broken !== undefined) {
      ledger.hasFailed(index, this.broken ?? 'the courier had closed the connection');
      return undefined;
    }
    const out = this.parts.prepare(index);
    if (out?.kind !== 'wire' || this.outbox === undefined) return undefined;
    this.fit(out, index);
    let bytes: Uint8Array;
    try {
      bytes = this.encode(out);
    } catch (error) {
      ledger.hasFailed(index, (error as Error).message);
      return undefined;
    }
    ledger.wasSent(index, clock.now());
    if (!UNRECORDED.has(out.command)) this.parts.sending?.(index, wireValue(out, 'payload') ?? new Uint8Array(0));
    const full = this.outbox.add(bytes);
    const goodbye = out.command === 'connect' && wireValue(out, 'state')?.[0] === GOODBYE;
    // A goodbye is answered when the server closes last, a filter by servers that keep its version: no fault when it is not recorded.
    const optional = goodbye || out.command === 'filter';
    if (!optional || ledger.recorded(index) !== undefined) this.ask(out, index);
    if (out.command !== 'connect' || goodbye) return full;
    // Nothing may be said before the courier knows the device, and its token may be a new one.
    this.outbox.flush();
    return this.until(() => !ledger.isOpen(index));
  }

  /** Signs Connects for now, and makes acknowledgements name the live message. */
  private fit(out: WireOut, index: number): void {
    const { settings, clock } = this.parts;
    if (out.command === 'connect' && settings.identity !== undefined && !this.ios4 && wireValue(out, 'certificate') !== undefined) {
      const { certificate, key } = settings.identity;
      const signed = signNonce(key, clock.now());
      putWire(out, 'certificate', new X509Certificate(certificate).raw);
      putWire(out, 'nonce', signed.nonce);
      putWire(out, 'signature', signed.signature);
    }
    if (out.command !== 'message_ack') return;
    const found = this.acknowledged.find(({ ackAt }) => ackAt === index);
    const live = found === undefined ? undefined : this.live.get(found.row);
    if (live?.id !== undefined && wireValue(out, 'id') !== undefined) putWire(out, 'id', live.id);
    if (live?.token !== undefined && wireValue(out, 'token') !== undefined) putWire(out, 'token', live.token);
  }

  private encode(out: WireOut): Uint8Array {
    if (this.writer === undefined) return printWire(out);
    return this.writer.frame(out.syntax.command, packItems(0, out.syntax.command, out.items));
  }

  private ask(out: WireOut, index: number): void {
    const id = wireValue(out, 'id');
    const list = this.asked.get(out.command) ?? [];
    list.push({ index, id: id?.length === 4 ? u32(id, 0) : undefined });
    this.asked.set(out.command, list);
  }

  private hear(bytes: Buffer): void {
    if (this.broken !== undefined) return;
    if (this.reader !== undefined) {
      for (const frame of this.reader.push(bytes)) {
        if (frame.fatal) this.broken = 'the courier sent a packed frame that cannot be read';
        else this.heard(frame.message());
      }
      if (this.reader.broken !== undefined) this.broken = 'the courier sent bytes that are no packed frames';
    } else {
      const dialect = this.ios4 ? ios4 : tlv;
      const { measure } = dialect.open({});
      this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
      for (;;) {
        const length = measure(1, this.pending, 0, this.pending.length);
        if (length === BROKEN) this.broken = 'the courier sent bytes that are no frames';
        if (length === NEED || length === BROKEN || length > this.pending.length) break;
        this.heard(dialect.decode(this.pending.subarray(0, length), 1));
        this.pending = this.pending.subarray(length);
      }
    }
    if (this.broken !== undefined) {
      this.parts.ledger.remark(this.broken);
      this.socket?.destroy();
    }
    this.wakeAll();
  }

  private heard(message: Message): void {
    const { ledger, clock } = this.parts;
    const asker = ASKED_BY[message.command];
    if (asker !== undefined) {
      const list = this.asked.get(asker) ?? [];
      const id = numberOf(message, 'id');
      const byId = BY_ID.has(message.command) && id !== undefined ? list.findIndex((one) => one.id === id) : -1;
      const [one] = list.splice(Math.max(0, byId), 1);
      if (one === undefined) {
        ledger.remark(`the courier sent ${message.label} that answers nothing`);
        return;
      }
      this.learn(one.index, message);
      ledger.wasAnswered(one.index, this.completed(answerOf(message), one.index), clock.now());
      return;
    }
    if (message.command === 'flush') {
      const padding = numberOf(message, 'want_padding') ?? 0;
      this.reply('flush_response', { padding });
      ledger.remark('answered a flush of the courier');
    } else if (message.command === 'message') this.message(message);
    else ledger.remark(`the courier sent ${message.label}`);
  }

  private message(message: Message): void {
    const { ledger } = this.parts;
    ledger.remark('received a notification');
    const token = bytesOf(message, 'token');
    const id = numberOf(message, 'id');
    const planned = this.acknowledged[this.received++];
    if (planned !== undefined) this.live.set(planned.row, { id, token });
    // An acknowledgement that is planned comes at its time, unless that has passed.
    if (planned !== undefined && ledger.outcomes[planned.ackAt] === 0) return;
    if (this.ios4) this.reply('message_ack', { unknown1: new Uint8Array(3) });
    else this.reply('message_ack', { status: 0, ...(id === undefined ? {} : { id }), ...(token === undefined ? {} : { token }) });
    ledger.remark('acknowledged a notification that no planned message acknowledges');
  }

  private reply(command: string, fields: FieldValues): void {
    if (this.closed || this.outbox === undefined) return;
    if (this.writer === undefined) this.outbox.add((this.ios4 ? ios4 : tlv).encode(command, fields, 0));
    else {
      const { id, attributes } = packedAttributes(command, fields, 0);
      this.outbox.add(this.writer.frame(id, attributes));
    }
    this.outbox.flush();
  }

  /** A ConnectResponse without a token lets the device keep the one that it came with. */
  private completed(answer: Answer, index: number): Answer {
    if (answer['answer'] !== 'connect_response' || answer['token'] !== undefined || this.ledgerToken(index) === undefined) return answer;
    const out = this.parts.prepare(index);
    const own = out?.kind === 'wire' ? wireValue(out, 'token') : undefined;
    return own === undefined ? answer : { ...answer, token: toHex(own) };
  }

  private ledgerToken(index: number): string | undefined {
    return this.parts.ledger.recorded(index)?.['token'];
  }

  /** The token that the courier gives stands for the recorded one from here on. */
  private learn(index: number, message: Message): void {
    const live = bytesOf(message, 'token');
    if (live === undefined || (message.command !== 'connect_response' && message.command !== 'app_token_generate_response')) return;
    const { names, ledger } = this.parts;
    const recorded = ledger.recorded(index)?.['token'];
    if (recorded !== undefined) names.learn(recorded, toHex(live));
    if (message.command !== 'connect_response') return;
    const out = this.parts.prepare(index);
    const own = out?.kind === 'wire' ? wireValue(out, 'token') : undefined;
    if (own !== undefined) names.learn(toHex(own), toHex(live));
  }

  flush(): void {
    this.outbox?.flush();
  }

  async finish(): Promise<void> {
    const { ledger } = this.parts;
    this.flush();
    const open = (): boolean =>
      [...this.asked.values()].some((list) => list.some(({ index }) => ledger.isOpen(index) && ledger.recorded(index) !== undefined));
    await this.until(() => !open());
    for (const list of this.asked.values()) {
      for (const { index } of list)
        if (ledger.isOpen(index) && ledger.recorded(index) !== undefined)
          ledger.isMissing(
            index,
            this.closed ? 'the courier closed the connection without an answer' : `no answer in ${this.parts.settings.timeoutMs / 1000} s`,
          );
    }
    this.socket?.end();
    this.socket?.destroySoon();
  }

  abort(): void {
    this.socket?.destroy();
  }

  /** Waits for a condition, at most as long as for an answer. */
  private async until(done: () => boolean): Promise<void> {
    const { clock, settings, signal } = this.parts;
    const stop = new AbortController();
    const limit = clock.now() + settings.timeoutMs;
    let late = false;
    void clock.until(limit, stop.signal).then(() => {
      late = true;
      this.wakeAll();
    });
    const wake = (): void => this.wakeAll();
    signal.addEventListener('abort', wake, { once: true });
    while (!done() && !this.closed && !late && !signal.aborted) await new Promise<void>((resolve) => this.wakes.push(resolve));
    signal.removeEventListener('abort', wake);
    stop.abort();
  }

  private wakeAll(): void {
    for (const wake of this.wakes.splice(0)) wake();
  }
}

function fieldOf(message: Message, name: string): Field | undefined {
  return message.fields.find((field) => field.name === name);
}

function bytesOf(message: Message, name: string): Uint8Array | undefined {
  const value = fieldOf(message, name)?.value;
  return value instanceof Uint8Array ? value : undefined;
}

/** The packed encoding writes ids as numbers, the other as four bytes. */
function numberOf(message: Message, name: string): number | undefined {
  const value = fieldOf(message, name)?.value;
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  return value instanceof Uint8Array && value.length === 4 ? u32(value, 0) : undefined;
}

/** Nonce: 00, u64 big-endian milliseconds, 8 random bytes. Signature: 01 01, RSA PKCS #1 with SHA-1 over it. Source: courier.md 3.1. */
function signNonce(key: string, nowMs: number): { nonce: Uint8Array; signature: Uint8Array } {
  const nonce = new Uint8Array(17);
  new DataView(nonce.buffer).setBigUint64(1, BigInt(Math.floor(nowMs)));
  nonce.set(randomBytes(8), 9);
  const made = sign('RSA-SHA1', nonce, createPrivateKey(key));
  const signature = new Uint8Array(2 + made.length);
  signature.set([1, 1]);
  signature.set(made, 2);
  return { nonce, signature };
}
