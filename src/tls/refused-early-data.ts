import { REASON } from '../schema/tls-reason.ts';
import type { Epoch } from './read-state.ts';

/**
 * Early data of TLS 1.3 that the server refused. The server skips it; its secret may be known all the same, under one of
 * the suites that the client could have meant.
 */
export class RefusedEarlyData {
  private trials: readonly Epoch[];
  private sequence = 0;

  /** `trials`: the early keys under each suite that comes into question. */
  constructor(trials: readonly Epoch[]) {
    this.trials = trials;
  }

  /** Plaintext of the record `buf[start, end)`, verified like any other; undefined when no key opens it. */
  open(buf: Uint8Array, start: number, end: number): Uint8Array | undefined {
    for (const epoch of this.trials) {
      if (epoch.cipher.open(this.sequence, buf, start, end) !== REASON.none) continue;
      this.sequence++;
      this.trials = [epoch];
      const { out, from } = epoch.cipher;
      let { to } = epoch.cipher;
      // Padding, and the type of the content before it.
      while (to > from && out[to - 1] === 0) to--;
      return out.slice(from, Math.max(from, to - 1));
    }
    return undefined;
  }
}
