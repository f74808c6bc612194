/** What a courier session is given: where its words go, what it works with, and what is known of its connection. */
import type { Channels } from '../channels.ts';
import type { EmulatorClock } from '../clock.ts';
import type { Delivery } from '../delivery.ts';
import type { Events } from '../event.ts';
import type { FaultEngine } from '../faults/engine.ts';
import type { Journal } from '../journal.ts';
import type { PushBody } from '../push.ts';
import type { SeededRandom } from '../random.ts';
import type { Individual, Variant } from './message-body.ts';
import type { CourierSettings } from './settings.ts';
import type { Plain } from './speech.ts';

/** Where a session's words go. */
export interface Outlet {
  say(command: string, fields: Readonly<Record<string, Plain | undefined>>): void;
  /** A notification, encoded by the cheapest way that the dialect has. */
  deliver(body: PushBody, variant: Variant, one: Individual): void;
  /** Ends the connection after what was said has been written. */
  close(why: string): void;
  /** Ends it at once, with a TCP reset. */
  reset(): void;
  /** Bytes that mean nothing. */
  garble(length: number): void;
}

export interface SessionParts {
  readonly delivery: Delivery;
  readonly channels: Channels;
  readonly journal: Journal;
  readonly events: Events;
  readonly clock: EmulatorClock;
  readonly random: SeededRandom;
  readonly faults: FaultEngine;
  readonly settings: CourierSettings;
}

export interface ConnectionFacts {
  readonly number: number;
  /** The client's address: ConnectResponse field 19. */
  readonly address: string;
  readonly alpn: string | undefined;
  /** Key fingerprint of the TLS client certificate. */
  readonly tlsIdentity: string | undefined;
  readonly ios4: boolean;
}
