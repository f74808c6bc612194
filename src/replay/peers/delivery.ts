import { fromHex, toHex, u32 } from '../../core/bytes.ts';
import { EncodeError } from '../../schema/build.ts';
import { courierMessage } from '../notification.ts';
import { type WireOut, wireValue } from '../outgoing.ts';
import { acknowledgement } from '../recorded.ts';
import { putWire } from '../rewrite.ts';
import type { DeviceLink } from './device-link.ts';
import type { Peer, PeerParts } from './peer.ts';
import { Waiting } from './waiting.ts';

const NO_BYTES = new Uint8Array(0);

/** A courier towards one device: delivers recorded notifications and takes its acknowledgements. */
export class DeliveryPeer implements Peer {
  private readonly link: DeviceLink;
  private readonly parts: PeerParts;
  private readonly topic: string | undefined;
  private readonly release: () => void;
  private readonly waiting: Waiting;
  /** What was not acknowledged yet: live message id to index and token, in the order of sending. */
  private readonly open = new Map<number, { readonly index: number; readonly token: string }>();

  /** `topic`: hash, for notifications that name none. `release`: the device may be given to another. */
  constructor(link: DeviceLink, parts: PeerParts, topic: string | undefined, release: () => void) {
    this.link = link;
    this.parts = parts;
    this.topic = topic;
    this.release = release;
    this.waiting = new Waiting(parts);
    const closed = link.ears.closed;
    link.ears = {
      ready: () => {},
      acknowledged: (id, status, token) => this.acknowledged(id, status, token),
      closed: (one) => {
        closed(one);
        this.waiting.wake();
      },
    };
  }

  send(index: number): Promise<void> | undefined {
    const { ledger, clock, prepare } = this.parts;
    const { link } = this;
    if (link.closed || link.wire === undefined) {
      ledger.hasFailed(index, 'the device had closed the connection');
      return undefined;
    }
    const out = prepare(index);
    if (out === undefined) return undefined;
    let bytes: Uint8Array;
    let id: number;
    let token: string;
    try {
      const [only] = link.topics;
      const message = courierMessage(out, this.topic ?? (link.topics.size === 1 ? only : undefined), clock.now());
      const topic = wireValue(message, 'topic');
      if (topic === undefined || !link.topics.has(toHex(topic))) {
        ledger.hasFailed(index, `the device does not ask for its topic${topic === undefined ? '' : ` (${toHex(topic)})`}`);
        return undefined;
      }
      id = this.address(message);
      token = toHex(wireValue(message, 'token') ?? NO_BYTES);
      bytes = link.wire.ios4
        ? link.wire.say('message', { topic, payload: wireValue(message, 'payload') ?? new Uint8Array(0) })
        : link.wire.encode(message);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      ledger.hasFailed(index, error.message);
      return undefined;
    }
    ledger.wasSent(index, clock.now());
    this.open.set(id, { index, token });
    return link.write(bytes);
  }

  /** Makes a message one for this device, with an id that no other open one has. Returns the id. */
  private address(message: WireOut): number {
    const { link } = this;
    const own = fromHex(link.token) ?? new Uint8Array(0);
    if (wireValue(message, 'base_token') === undefined) putWire(message, 'token', own);
    else {
      const scoped = link.scopedToken(toHex(wireValue(message, 'topic') ?? own));
      if (scoped !== undefined) putWire(message, 'token', fromHex(scoped) ?? own);
      putWire(message, 'base_token', own);
    }
    const given = wireValue(message, 'id');
    const recorded = given?.length === 4 ? u32(given, 0) : 0;
    const id = link.newId(recorded);
    putWire(message, 'id', id);
    return id;
  }

  private acknowledged(id: number | undefined, status: number | undefined, token: string | undefined): void {
    const { ledger, clock } = this.parts;
    // Acknowledgements without an id count in order.
    const [oldest] = this.open.keys();
    const known = id ?? oldest;
    const message = known === undefined ? undefined : this.open.get(known);
    if (known === undefined || message === undefined) {
      ledger.remark('the device acknowledged what was not sent to it');
      return;
    }
    this.open.delete(known);
    ledger.wasAnswered(message.index, acknowledgement(String(status ?? 0), token, message.token), clock.now());
    if (this.open.size === 0) this.waiting.wake();
  }

  flush(): void {
    this.link.flush();
  }

  async finish(): Promise<void> {
    const { ledger, settings, signal } = this.parts;
    this.flush();
    await this.waiting.until(() => this.open.size === 0 || this.link.closed);
    for (const { index } of this.open.values()) {
      if (!ledger.isOpen(index) || ledger.recorded(index) === undefined) continue;
      ledger.isMissing(
        index,
        this.link.closed
          ? 'the device closed the connection without acknowledging it'
          : signal.aborted
            ? 'interrupted before the acknowledgement'
            : `the device did not acknowledge it in ${settings.timeoutMs / 1000} s`,
      );
    }
    this.release();
  }

  abort(): void {
    this.link.destroy();
  }
}
