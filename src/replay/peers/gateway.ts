import type { Socket } from 'node:net';
import { gateway } from '../../codec/gateway.ts';
import { itemBytes, NO_BYTES } from '../../codec/wire-syntax.ts';
import { u32 } from '../../core/bytes.ts';
import { GATEWAY } from '../../schema/provider.ts';
import { printWire, wireValue } from '../outgoing.ts';
import { gatewayAnswer, SHUTDOWN } from '../recorded.ts';
import { moveExpiry, putWire } from '../rewrite.ts';
import { RowReader } from '../row-reader.ts';
import { farewell } from './farewell.ts';
import { JOIN, Outbox } from './outbox.ts';
import type { Peer, PeerParts } from './peer.ts';

/** Length of the error packet: command, status, identifier u32. */
const ERROR_LENGTH = 6;
const ERROR_COMMAND = 8;
/** Connections closed without a word that are followed by another: a target that does nothing else is broken. */
const MAX_BARE_CLOSES = 3;
/** Recorded messages joined into one write: more than fit, unless they are very small. */
const MAX_COPIES = 4096;

/**
 * A provider towards a gateway. Silence is success; after an error packet it connects again and resends what the gateway
 * threw away behind the named message, as Apple asks of clients ("Binary Provider API").
 */
export class GatewayPeer implements Peer {
  private readonly parts: PeerParts;
  private readonly renumber: boolean;
  private readonly reader: RowReader;
  private socket: Socket | undefined;
  private outbox: Outbox | undefined;
  /** Messages written on this connection, in order. */
  private onWire: Int32Array;
  private count = 0;
  private heard = Buffer.alloc(0);
  private closed = false;
  private bareCloses = 0;
  private wake: (() => void) | undefined;
  /** Recorded messages in the outbox: where they end, and when they were recorded. */
  private readonly copyEnds = new Int32Array(MAX_COPIES);
  private readonly copyStarts = new Int32Array(MAX_COPIES);
  private readonly copyTimes = new Float64Array(MAX_COPIES);
  private copies = 0;
  private lastByte = 0;
  private now = 0;
  /** Something was waited for since `now`. */
  private timeless = true;

  private constructor(parts: PeerParts) {
    this.parts = parts;
    this.onWire = new Int32Array(parts.connection.units.length);
    this.renumber = hasRepeats(parts);
    this.reader = new RowReader(parts.timeline);
  }

  static async open(parts: PeerParts): Promise<GatewayPeer> {
    const peer = new GatewayPeer(parts);
    await peer.connect();
    return peer;
  }

  private async connect(): Promise<void> {
    const { socket } = await this.parts.open([]);
    this.socket = socket;
    this.outbox = new Outbox(socket, () => this.touchUp());
    this.copies = 0;
    this.count = 0;
    this.heard = Buffer.alloc(0);
    this.closed = false;
    socket.on('data', (bytes: Buffer) => {
      if (this.heard.length < ERROR_LENGTH) this.heard = Buffer.concat([this.heard, bytes]);
      this.wake?.();
    });
    socket.on('close', () => {
      this.closed = true;
      this.wake?.();
    });
    socket.on('end', () => socket.end());
  }

  send(index: number): Promise<void> | undefined {
    if (this.closed || this.heard.length >= ERROR_LENGTH) return this.recover().then(() => this.write(index));
    return this.write(index);
  }

  private write(index: number): Promise<void> | undefined {
    const { ledger, clock } = this.parts;
    const { outbox } = this;
    if (outbox === undefined) return undefined;
    // Messages that go out together need no time each.
    if (this.timeless || (this.count & 15) === 0) this.now = clock.now();
    this.timeless = false;
    const { now } = this;
    const length = this.copied(index, outbox);
    let full: Promise<void> | undefined;
    if (length >= 0) full = outbox.commit(length);
    else {
      const bytes = this.bytesOf(index);
      if (bytes === undefined) return undefined;
      if (ledger.outcomes[index] === 0) this.parts.sending?.(payloadOf(bytes));
      full = outbox.add(bytes);
    }
    ledger.wasSent(index, now);
    this.onWire[this.count++] = index;
    this.lastByte = now;
    return full;
  }

  /** Puts the recorded bytes where the outbox has room; their length, -1 when that cannot be done. */
  private copied(index: number, outbox: Outbox): number {
    const { timeline, ledger } = this.parts;
    if (this.renumber || !this.parts.unchanged(index)) return -1;
    const { rows, times } = ledger.plan;
    const length = timeline.rows.columns.length(rows[index]);
    if (length > JOIN) return -1;
    if (this.copies === MAX_COPIES) outbox.flush();
    const at = outbox.room(length);
    if (!this.reader.copy(rows[index], outbox.buffer, at)) return -1;
    const n = this.copies++;
    this.copyStarts[n] = at;
    this.copyEnds[n] = at + length;
    this.copyTimes[n] = times[index];
    return length;
  }

  /** Recorded messages are complete in the outbox now: moves their expiries. */
  private touchUp(): void {
    const { outbox, copies, copyStarts, copyEnds, copyTimes, now } = this;
    this.reader.complete();
    this.copies = 0;
    if (outbox === undefined || !this.parts.shiftTimes) return;
    const { buffer } = outbox;
    for (let n = 0; n < copies; n++) moveExpiry(buffer, copyStarts[n], copyEnds[n], copyTimes[n], now);
  }

  private bytesOf(index: number): Uint8Array | undefined {
    const out = this.parts.prepare(index);
    if (out?.kind !== 'wire') return undefined;
    if (this.renumber && wireValue(out, 'identifier') !== undefined) putWire(out, 'identifier', index);
    return printWire(out);
  }

  flush(): void {
    this.timeless = true;
    this.outbox?.flush();
  }

  async finish(): Promise<void> {
    const { clock, settings, signal } = this.parts;
    for (;;) {
      this.flush();
      await this.settle();
      if (this.heard.length < ERROR_LENGTH && !this.closed && !signal.aborted) {
        if (clock.now() - this.lastByte < settings.quietMs) continue;
        this.accept(0, this.count);
        break;
      }
      if (signal.aborted && this.heard.length < ERROR_LENGTH) break;
      if (!(await this.recover())) break;
    }
    await farewell(this.socket);
  }

  /** Until an error packet, the end of the connection, or enough silence. */
  private settle(): Promise<void> {
    const { clock, settings, signal } = this.parts;
    if (this.closed || this.heard.length >= ERROR_LENGTH || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = new AbortController();
      const done = (): void => {
        this.wake = undefined;
        signal.removeEventListener('abort', done);
        stop.abort();
        resolve();
      };
      this.wake = () => {
        if (this.closed || this.heard.length >= ERROR_LENGTH) done();
      };
      signal.addEventListener('abort', done, { once: true });
      void clock.until(this.lastByte + settings.quietMs, stop.signal).then(done);
    });
  }

  abort(): void {
    this.socket?.destroy();
  }

  private accept(from: number, to: number): void {
    const { ledger, clock, connection } = this.parts;
    ledger.wereAccepted(connection.stream, this.onWire, from, to, clock.now());
  }

  /** After an error packet or a close: settles what is known, connects again and resends. False when nothing was left to do. */
  private async recover(): Promise<boolean> {
    const { ledger, clock } = this.parts;
    const again: number[] = [];
    if (this.heard.length >= ERROR_LENGTH) {
      if (this.heard[0] !== ERROR_COMMAND) {
        for (let i = 0; i < this.count; i++)
          ledger.hasFailed(
            this.onWire[i],
            `the target answered with bytes that are no error packet (${this.heard.subarray(0, ERROR_LENGTH).toString('hex')})`,
          );
        this.socket?.destroy();
        this.heard = Buffer.alloc(0);
        this.count = 0;
        return false;
      }
      const status = this.heard[1];
      const at = this.find(u32(this.heard, 2));
      if (at < 0) {
        for (let i = 0; i < this.count; i++)
          ledger.hasFailed(this.onWire[i], `the gateway ended with status ${status} and named no message of ours`);
      } else {
        this.accept(0, status === SHUTDOWN ? at + 1 : at);
        if (status !== SHUTDOWN) ledger.wasAnswered(this.onWire[at], gatewayAnswer(status), clock.now());
        for (let i = at + 1; i < this.count; i++) again.push(this.onWire[i]);
      }
      this.bareCloses = 0;
    } else {
      for (let i = 0; i < this.count; i++) ledger.isMissing(this.onWire[i], 'the target closed the connection without an error packet');
      if (++this.bareCloses > MAX_BARE_CLOSES) return false;
    }
    this.socket?.destroy();
    const rest = this.pendingUnits();
    if (again.length === 0 && !rest) {
      this.count = 0;
      return false;
    }
    ledger.remark('reconnected after the gateway ended a connection');
    await this.connect();
    for (const index of again) await this.write(index);
    return true;
  }

  /** Whether planned messages are still to come on this connection. */
  private pendingUnits(): boolean {
    const { units } = this.parts.connection;
    return units.length > 0 && this.parts.ledger.outcomes[units[units.length - 1]] === 0;
  }

  private find(identifier: number): number {
    for (let i = this.count - 1; i >= 0; i--) if (this.idOf(this.onWire[i]) === identifier) return i;
    return -1;
  }

  private idOf(index: number): number | undefined {
    const { timeline, ledger } = this.parts;
    const { columns } = timeline.rows;
    const recorded = columns.id(ledger.plan.rows[index]);
    if (recorded === undefined) return undefined;
    if (this.renumber) return index;
    if (!this.parts.settings.ownIdentifiers) return recorded;
    const out = this.parts.prepare(index);
    const bytes = out?.kind === 'wire' ? wireValue(out, 'identifier') : undefined;
    return bytes?.length === 4 ? u32(bytes, 0) : recorded;
  }
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const { items } = gateway.parse(frame, 0);
  return itemBytes(
    items.find(({ id }) => id === GATEWAY.notification.fields.payload.id) ?? { id: 0, kind: 'leaf', at: undefined, value: NO_BYTES },
  );
}

/** Identifiers must tell the messages of one connection apart. */
function hasRepeats({ timeline, connection, ledger }: PeerParts): boolean {
  const { columns } = timeline.rows;
  const seen = new Set<number>();
  let rising = true;
  let last = -1;
  for (const index of connection.units) {
    const id = columns.id(ledger.plan.rows[index]);
    if (id === undefined) continue;
    if (id <= last) rising = false;
    last = id;
  }
  if (rising) return false;
  for (const index of connection.units) {
    const id = columns.id(ledger.plan.rows[index]);
    if (id === undefined) continue;
    if (seen.has(id)) return true;
    seen.add(id);
  }
  return false;
}
