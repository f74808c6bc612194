import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { packedTableSizes } from '../../codec/packed/detect.ts';
import { fromHex, toHex, u32 } from '../../core/bytes.ts';
import { EXIT, UserError } from '../../core/errors.ts';
import { DIALECT, type Message } from '../../core/message.ts';
import type { FieldValues } from '../../schema/build.ts';
import { COURIER } from '../../schema/courier.ts';
import { COURIER_IOS4 } from '../../schema/courier-ios4.ts';
import { type WireOut, wireValue } from '../outgoing.ts';
import { type Answer, answerOf } from '../recorded.ts';
import { putWire } from '../rewrite.ts';
import { bytesOf, CourierWire, numberOf } from './courier-wire.ts';
import { deviceToken } from './device-token.ts';
import { farewell } from './farewell.ts';
import { Outbox } from './outbox.ts';
import type { Peer, PeerParts } from './peer.ts';
import { Waiting } from './waiting.ts';

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
const CONNECTED = 1;
const GOODBYE = 2;
/** As devices of today send them. */
const PRESENCE_FLAGS = 0x41;
interface Live {
  readonly id: number | undefined;
  readonly token: Uint8Array | undefined;
}

/** A device towards a courier: says what was recorded, with tables of its own; acknowledges what comes and answers flushes. */
export class CourierPeer implements Peer {
  private readonly parts: PeerParts;
  private socket: Socket | undefined;
  private outbox: Outbox | undefined;
  private wire: CourierWire;
  private closed = false;
  private broken: string | undefined;
  private readonly asked = new Map<string, { index: number; id: number | undefined }[]>();
  /** Rows of the recorded messages that planned acknowledgements are for, in order of the recording. */
  private readonly acknowledged: { row: number; ackAt: number }[] = [];
  private readonly live = new Map<number, Live>();
  private received = 0;
  /** Our own Connect is not answered yet. */
  private introducing = false;
  private readonly waiting: Waiting;

  private constructor(parts: PeerParts) {
    this.parts = parts;
    this.waiting = new Waiting(parts);
    this.wire = new CourierWire(undefined, parts.connection.dialect === DIALECT.ios4, 1);
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
    const spoken = alpn ?? (connection.dialect === DIALECT.packed ? 'apns-pack-v1' : undefined);
    if (peer.wire.ios4 && alpn !== undefined && packedTableSizes(alpn) !== undefined)
      throw new UserError('replay.alpn', 'The dialect of iOS 4 cannot be packed: leave out --alpn.', EXIT.usage);
    peer.wire = new CourierWire(spoken, peer.wire.ios4, 1);
    peer.attach(socket);
    const { plan } = parts.ledger;
    const first = timeline.rows.columns.type(plan.rows[connection.units[0]]) & 0xff;
    if (first !== (peer.wire.ios4 ? COURIER_IOS4.connect.id : COURIER.connect.id)) await peer.introduce();
    return peer;
  }

  /** Says a Connect of its own where the capture has none: couriers hang up on whoever begins with anything else. */
  private async introduce(): Promise<void> {
    const { timeline, connection, settings, clock, ledger } = this.parts;
    const token = fromHex(deviceToken(timeline, connection.stream) ?? '') ?? new Uint8Array(0);
    const { identity } = settings;
    if (this.wire.ios4) this.reply('connect', { token });
    else
      this.reply('connect', {
        ...(token.length === 0 ? {} : { token }),
        state: CONNECTED,
        presence_flags: PRESENCE_FLAGS,
        ...(identity === undefined
          ? {}
          : { certificate: new X509Certificate(identity.certificate).raw, ...signNonce(identity.key, clock.now()) }),
      });
    ledger.remark('connected with a Connect of our own, since the capture holds none');
    this.introducing = true;
    await this.waiting.until(() => this.closed || !this.introducing);
    if (this.introducing) this.broken ??= 'the courier did not answer the Connect that was made for the capture';
    this.introducing = false;
  }

  private attach(socket: Socket): void {
    this.socket = socket;
    this.outbox = new Outbox(socket);
    socket.on('data', (bytes: Buffer) => this.hear(bytes));
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
      this.waiting.wake();
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
      bytes = this.wire.encode(out);
    } catch (error) {
      ledger.hasFailed(index, (error as Error).message);
      return undefined;
    }
    ledger.wasSent(index, clock.now());
    this.parts.sending?.(wireValue(out, 'payload') ?? new Uint8Array(0));
    const full = this.outbox.add(bytes);
    const goodbye = out.command === 'connect' && wireValue(out, 'state')?.[0] === GOODBYE;
    // A goodbye is answered when the server closes last, a filter by servers that keep its version: no fault when it is not recorded.
    const optional = goodbye || out.command === 'filter';
    if (!optional || ledger.recorded(index) !== undefined) this.ask(out, index);
    if (out.command !== 'connect' || goodbye) return full;
    // Nothing may be said before the courier knows the device, and its token may be a new one.
    this.outbox.flush();
    return this.waiting.until(() => this.closed || !ledger.isOpen(index));
  }

  /** Signs Connects for now, and makes acknowledgements name the live message. */
  private fit(out: WireOut, index: number): void {
    const { settings, clock } = this.parts;
    if (out.command === 'connect' && settings.identity !== undefined && !this.wire.ios4 && wireValue(out, 'certificate') !== undefined) {
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

  private ask(out: WireOut, index: number): void {
    const id = wireValue(out, 'id');
    const list = this.asked.get(out.command) ?? [];
    list.push({ index, id: id?.length === 4 ? u32(id, 0) : undefined });
    this.asked.set(out.command, list);
  }

  private hear(bytes: Buffer): void {
    if (this.broken !== undefined) return;
    this.wire.hear(bytes, (message) => this.heard(message));
    if (this.wire.broken) {
      this.broken = `the courier sent bytes that are no ${this.wire.packed ? 'packed ' : ''}frames`;
      this.parts.ledger.remark(this.broken);
      this.socket?.destroy();
    }
    this.waiting.wake();
  }

  private heard(message: Message): void {
    const { ledger, clock } = this.parts;
    if (this.introducing && message.command === 'connect_response') {
      this.introducing = false;
      const status = numberOf(message, 'status') ?? 0;
      if (status !== 0) this.broken = `the courier refused the Connect that was made for the capture (status ${status})`;
      return;
    }
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
    if (this.wire.ios4) this.reply('message_ack', { unknown1: new Uint8Array(3) });
    else this.reply('message_ack', { status: 0, ...(id === undefined ? {} : { id }), ...(token === undefined ? {} : { token }) });
    ledger.remark('acknowledged a notification that no planned message acknowledges');
  }

  private reply(command: string, fields: FieldValues): void {
    if (this.closed || this.outbox === undefined) return;
    this.parts.sending?.(new Uint8Array(0));
    this.outbox.add(this.wire.say(command, fields));
    this.outbox.flush();
  }

  /** A ConnectResponse without a token lets the device keep the one that it came with. */
  private completed(answer: Answer, index: number): Answer {
    const recorded = this.parts.ledger.recorded(index)?.['token'];
    if (answer['answer'] !== 'connect_response' || answer['token'] !== undefined || recorded === undefined) return answer;
    const out = this.parts.prepare(index);
    const own = out?.kind === 'wire' ? wireValue(out, 'token') : undefined;
    if (own === undefined) return answer;
    const token = toHex(own);
    this.parts.names.learn(recorded, token);
    return { ...answer, token };
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
    await this.waiting.until(() => this.closed || !open());
    for (const list of this.asked.values()) {
      for (const { index } of list)
        if (ledger.isOpen(index) && ledger.recorded(index) !== undefined)
          ledger.isMissing(
            index,
            this.closed ? 'the courier closed the connection without an answer' : `no answer in ${this.parts.settings.timeoutMs / 1000} s`,
          );
    }
    // What the courier says from now on answers nothing that was waited for.
    this.socket?.removeAllListeners('data').resume();
    await farewell(this.socket);
  }

  abort(): void {
    this.socket?.destroy();
  }
}

/** Nonce: 00, u64 big-endian milliseconds, 8 random bytes. Signature: 01 01, RSA PKCS #1 with SHA-1 over it. Source: pypush, rustpush. */
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
