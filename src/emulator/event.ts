/** What happens in the emulator, as data: the control API streams it, tests wait for it, the log keeps it. */
import type { Push } from './push.ts';

export type ServerName = 'courier' | 'gateway' | 'feedback' | 'http2' | 'control';

export interface EmulatorEvent {
  /** Milliseconds since the epoch, by the emulator's clock. */
  readonly at: number;
  readonly kind: EventKind;
  readonly server?: ServerName;
  readonly connection?: number;
  readonly token?: string;
  readonly topic?: string | undefined;
  /** Push id. */
  readonly id?: string;
  readonly status?: number;
  readonly reason?: string;
  readonly detail?: string;
  /** The token that an acknowledgement names, hex, empty for none; missing where the dialect has no word for it. */
  readonly ackToken?: string;
}

export type EventKind =
  | 'connected'
  | 'disconnected'
  | 'closed'
  | 'received'
  | 'rejected'
  | 'discarded'
  | 'delivered'
  | 'acknowledged'
  | 'stored'
  | 'replaced'
  | 'expired'
  | 'dropped'
  | 'device-online'
  | 'device-offline'
  | 'filter'
  | 'message'
  | 'fault'
  | 'refused';

export type Listener = (event: EmulatorEvent) => void;

/** Hands events to listeners. `wanted` is false while nobody listens: hot paths then build no event. */
export class Events {
  private readonly listeners = new Set<Listener>();
  wanted = false;

  on(listener: Listener): () => void {
    this.listeners.add(listener);
    this.wanted = true;
    return () => {
      this.listeners.delete(listener);
      this.wanted = this.listeners.size > 0;
    };
  }

  emit(event: EmulatorEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

export function pushEvent(kind: EventKind, at: number, push: Push, more: Partial<EmulatorEvent> = {}): EmulatorEvent {
  return { at, kind, token: push.token, topic: push.body.topic ?? push.body.topicHash, id: push.id, ...more };
}
