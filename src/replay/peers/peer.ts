import type { Timeline } from '../../timeline/timeline.ts';
import type { Clock } from '../clock.ts';
import type { Link } from '../dial.ts';
import type { Ledger } from '../ledger.ts';
import type { Outgoing } from '../outgoing.ts';
import type { PlannedConnection } from '../plan.ts';
import type { NameMap } from '../rewrite.ts';

/** The client's side of one replayed connection. */
export interface Peer {
  /** Sends a planned message, or queues it for the next `flush`; a promise when more must wait. */
  send(index: number): Promise<void> | undefined;
  /** Hands what is queued to the socket. */
  flush(): void;
  /** Waits for the answers that are due, and ends the connection. */
  finish(): Promise<void>;
  /** Cuts it. */
  abort(): void;
}

/** What all peers work with. */
export interface PeerParts {
  readonly timeline: Timeline;
  readonly connection: PlannedConnection;
  readonly ledger: Ledger;
  readonly names: NameMap;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly settings: PeerSettings;
  /** The message as it is to be sent; undefined when that failed, which the ledger then knows. */
  prepare(index: number): Outgoing | undefined;
  /** Whether the message, as it was recorded, names a channel. */
  namesChannel(index: number): boolean;
  /** Whether the recorded bytes of a message can be sent, with its expiry moved where `shiftTimes`; else `prepare` it. */
  unchanged(index: number): boolean;
  readonly shiftTimes: boolean;
  /** Told the payload of each message that goes out, duties such as acknowledgements among them: the target's record holds as many. */
  readonly sending: ((payload: Uint8Array) => void) | undefined;
  open(alpn: readonly string[]): Promise<Link>;
}

export interface PeerSettings {
  /** Longest wait for an answer. */
  readonly timeoutMs: number;
  /** Silence after which a gateway has accepted what it got. */
  readonly quietMs: number;
  /** Most requests without an answer on an HTTP/2 connection. */
  readonly concurrency: number | undefined;
  /** Device identity to sign Connects with: certificate and key, PEM. */
  readonly identity: { readonly certificate: string; readonly key: string } | undefined;
  /** Rules give gateway messages other identifiers than recorded. */
  readonly ownIdentifiers: boolean;
}
