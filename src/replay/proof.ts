import { createHash } from 'node:crypto';
import { UserError } from '../core/errors.ts';
import type { ControlClient } from './control-client.ts';

/** What an emulator's record says about what was sent. */
export interface Proof {
  readonly sent: number;
  readonly received: number;
  /** Messages that the record holds with the same payload; undefined when there are more than are compared. */
  readonly same: number | undefined;
}

/** Payloads whose hashes are kept, some 100 bytes each; of more only the number is compared. */
const MAX_HASHES = 100_000;
/** The record is complete a moment after the last answer. */
const ATTEMPTS = 20;
const ATTEMPT_MS = 50;

/** Compares what was sent with the record of an emulator, over its control API. */
export class Witness {
  private readonly control: ControlClient;
  private readonly injected: boolean;
  private readonly hashes = new Map<string, number>();
  private sent = 0;
  private before = 0;
  private injectedBefore = 0;

  /** `injected`: what counts is what came over the control API, not what devices said meanwhile. */
  constructor(control: ControlClient, injected = false) {
    this.control = control;
    this.injected = injected;
  }

  /** Where the record stands before the first message. Throws `UserError`. */
  async begin(): Promise<void> {
    const { received, injected } = (await this.control.get('/status')) as { received?: unknown; injected?: unknown };
    if (typeof received !== 'number') throw new UserError('replay.control', `${this.control.url} is not the control API of an emulator.`);
    this.before = received;
    this.injectedBefore = Number(injected);
  }

  saw(payload: Uint8Array): void {
    this.sent++;
    if (this.sent > MAX_HASHES) return;
    const hash = digest(payload);
    this.hashes.set(hash, (this.hashes.get(hash) ?? 0) + 1);
  }

  /** Waits until the record holds as many messages as were sent, for a moment. */
  async end(): Promise<Proof> {
    let total = 0;
    let forgotten = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const status = (await this.control.get('/status')) as { received: number; injected: number; forgotten: number };
      total = this.injected ? status.injected - this.injectedBefore : status.received - this.before;
      forgotten = status.forgotten;
      // An injection is on record before it is answered.
      if (this.injected || total >= this.sent) break;
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    }
    if (this.sent > MAX_HASHES || forgotten > this.before) return { sent: this.sent, received: total, same: undefined };
    const all = (await this.control.get(`/received?after=${this.before}${this.injected ? '&command=inject' : ''}`)) as {
      payload?: unknown;
      payloadBase64?: string;
      reason?: string;
    }[];
    // What a gateway threw away behind an error was sent once more, and is recorded once more.
    const records = all.filter(({ reason }) => reason !== 'discarded');
    const received = records.length;
    let same = 0;
    const left = new Map(this.hashes);
    for (const { payload, payloadBase64 } of records) {
      const bytes =
        payloadBase64 !== undefined
          ? Buffer.from(payloadBase64, 'base64')
          : payload === undefined
            ? Buffer.alloc(0)
            : Buffer.from(JSON.stringify(payload));
      const hash = digest(bytes);
      const n = left.get(hash) ?? 0;
      if (n === 0) continue;
      left.set(hash, n - 1);
      same++;
    }
    return { sent: this.sent, received, same };
  }
}

/** JSON is compared as its values: the record gives it without its white space. */
function digest(payload: Uint8Array): string {
  let bytes: Uint8Array | string = payload;
  try {
    bytes = JSON.stringify(JSON.parse(Buffer.from(payload).toString('utf8')));
  } catch {
    // Not JSON: its bytes.
  }
  return createHash('sha1').update(bytes).digest('base64');
}
