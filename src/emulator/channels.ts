/** Broadcast channels of apps: made and deleted over HTTP/2, subscribed to over the courier. */
import type { PushBody } from './push.ts';
import type { SeededRandom } from './random.ts';

export interface Channel {
  /** Base64 of 16 bytes, 24 characters. */
  readonly id: string;
  readonly bundle: string;
  /** 0 = nothing is stored, 1 = the newest message is stored. Fixed at creation. */
  readonly policy: 0 | 1;
  readonly pushType: string;
  deleted: boolean;
  /** Newest message, for devices that subscribe later; with policy 1 only. */
  latest: { readonly body: PushBody; readonly at: number } | undefined;
}

/** Id of a channel as Apple gives them. */
const CHANNEL_ID_BYTES = 16;

export class Channels {
  private readonly byId = new Map<string, Channel>();
  private readonly random: SeededRandom;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  create(bundle: string, policy: 0 | 1, pushType: string): Channel {
    const id = Buffer.from(this.random.bytes(CHANNEL_ID_BYTES)).toString('base64');
    const channel: Channel = { id, bundle, policy, pushType, deleted: false, latest: undefined };
    this.byId.set(id, channel);
    return channel;
  }

  /** A channel of this app, deleted ones included; undefined when it never existed. */
  find(bundle: string, id: string): Channel | undefined {
    const channel = this.byId.get(id);
    return channel?.bundle === bundle ? channel : undefined;
  }

  /** The channel with this id, whichever app it belongs to. */
  byChannelId(id: string): Channel | undefined {
    return this.byId.get(id);
  }

  list(bundle?: string): Channel[] {
    return [...this.byId.values()].filter((channel) => !channel.deleted && (bundle === undefined || channel.bundle === bundle));
  }

  clear(): void {
    this.byId.clear();
  }
}
