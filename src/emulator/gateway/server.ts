/** The sockets of the binary gateway and of the feedback service. */
import { feedback } from '../../codec/feedback.ts';
import { concatBytes, fromHex } from '../../core/bytes.ts';
import { topicsOf } from '../certificates/identity.ts';
import type { EmulatorClock, Timer } from '../clock.ts';
import type { Events } from '../event.ts';
import type { FeedbackList } from '../feedback-list.ts';
import type { Connection } from '../sockets/listener.ts';
import { countTurn } from '../sockets/turn.ts';
import { type GatewayOutput, type GatewayParts, GatewayPeer } from './peer.ts';

/** Between error packet and close: a client that is still writing must find the packet before it finds the end. */
const CLOSE_DELAY_MS = 50;
/** Time in which the client may go on its own after an error; what it wrote meanwhile is read and discarded. */
const LINGER_MS = 2_000;
/** Time that clients have to find the error packet of the end of the run; whoever floods does not look for it. */
const FAREWELL_MS = 200;
const NOTHING: readonly GatewayOutput[] = [];

export class GatewayServer {
  private readonly live = new Map<
    number,
    { readonly peer: GatewayPeer; readonly perform: (outputs: readonly GatewayOutput[]) => void; readonly stop: () => void }
  >();
  private readonly parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.parts = parts;
  }

  get count(): number {
    return this.live.size;
  }

  attach(connection: Connection): void {
    const { clock, events, settings } = this.parts;
    const { stream, number } = connection;
    const topic = connection.identity === undefined ? undefined : topicsOf(connection.identity)[0];
    const peer = new GatewayPeer(this.parts, number, topic);
    let lastHeard = clock.now();
    let stopped = false;
    const tell = (kind: 'connected' | 'disconnected', detail: string): void => {
      if (events.wanted) events.emit({ at: clock.now(), kind, server: 'gateway', connection: number, detail });
    };
    const perform = (outputs: readonly GatewayOutput[]): void => {
      for (const output of outputs) this.perform(connection, output, () => perform(peer.resume()));
      if (peer.full || stopped) stream.pause();
      else if (stream.isPaused()) stream.resume();
    };
    const goOn = (): void => perform(NOTHING);
    const stop = (): void => {
      stopped = true;
      stream.pause();
      setTimeout(() => stream.destroy(), FAREWELL_MS).unref();
    };
    this.live.set(number, { peer, perform, stop });
    tell('connected', connection.peer);
    stream.on('data', (bytes: Buffer) => {
      lastHeard = clock.now();
      perform(peer.hear(bytes));
      countTurn(stream, bytes.length, goOn);
    });
    stream.on('error', () => {});
    stream.once('end', () => stream.end());
    let watchdog: Timer | undefined;
    stream.once('close', () => {
      this.live.delete(number);
      clock.cancel(watchdog);
      tell('disconnected', `${peer.accepted} accepted, ${peer.discarded} discarded`);
    });
    const watch = (): void => {
      watchdog = clock.schedule(lastHeard + settings.idleTimeoutMs, () => {
        if (clock.now() - lastHeard >= settings.idleTimeoutMs) stream.end();
        else watch();
      });
    };
    watch();
  }

  /** Status 10 on one connection or all. */
  shutdown(connection: number | undefined): void {
    for (const [number, { peer, perform }] of this.live) if (connection === undefined || number === connection) perform(peer.shutdown());
  }

  /** The end of the run: status 10 to all, and whatever they still write stays unread, so that a flood cannot hold up the end. */
  close(): void {
    this.shutdown(undefined);
    for (const { stop } of this.live.values()) stop();
  }

  private perform(connection: Connection, output: GatewayOutput, resume: () => void): void {
    const { clock } = this.parts;
    const { stream } = connection;
    if (stream.destroyed) return;
    if (output.kind === 'wake') {
      clock.schedule(output.at, resume);
    } else if (output.kind === 'send') {
      const { bytes, pieces } = output;
      if (pieces === undefined || pieces <= 0) stream.write(bytes);
      else for (let at = 0; at < bytes.length; at += pieces) stream.write(bytes.subarray(at, at + pieces));
    } else if (output.how === 'reset') connection.reset();
    else if (output.how === 'now') stream.destroy();
    else if (output.how === 'half') stream.end();
    else {
      setTimeout(() => stream.end(), CLOSE_DELAY_MS).unref();
      setTimeout(() => stream.destroy(), LINGER_MS).unref();
    }
  }
}

/** The feedback service: speaks first, then closes. What it says is gone from the list. */
export class FeedbackServer {
  private readonly list: FeedbackList;
  private readonly clock: EmulatorClock;
  private readonly events: Events;

  constructor(list: FeedbackList, clock: EmulatorClock, events: Events) {
    this.list = list;
    this.clock = clock;
    this.events = events;
  }

  attach(connection: Connection): void {
    const { stream, number, identity, action } = connection;
    stream.on('error', () => {});
    stream.resume();
    const topics = identity === undefined ? undefined : topicsOf(identity);
    const speak = (): void => {
      if (stream.destroyed || action?.drop === true) return;
      const entries = this.list.read(topics);
      if (this.events.wanted)
        this.events.emit({
          at: this.clock.now(),
          kind: 'connected',
          server: 'feedback',
          connection: number,
          detail: `${entries.length} tokens`,
        });
      const frames = entries.map(({ time, token }) =>
        feedback.encode('feedback', { timestamp: time, token: fromHex(token) as Uint8Array }, 1),
      );
      if (frames.length > 0) stream.write(concatBytes(frames));
      stream.end();
      setTimeout(() => stream.destroy(), LINGER_MS).unref();
    };
    const delay = action?.delay ?? 0;
    if (delay > 0) this.clock.schedule(this.clock.now() + delay, speak);
    else speak();
  }
}
