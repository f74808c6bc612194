import { type Context, hostOf, type RuleSet, remember } from '../context.ts';
import type { StreamState } from '../stream-state.ts';

/** So many connections from one host to one server … */
const STORM = 20;
/** … within so many seconds. Clients of the gateway made 500 and more in four seconds when a handshake failed (provider.md 1.3). */
const STORM_SECONDS = 10;

interface Arrivals {
  readonly times: number[];
  told: number;
}

/** Rules about how connections follow each other. */
export function connectionRules(): RuleSet {
  const arrivals = new Map<string, Arrivals>();

  return {
    rules: [],
    opened(c: Context, s: StreamState, row: number): void {
      const { client, server } = c.source.ends(s.stream);
      const now = c.time(row);
      if (client === '' || Number.isNaN(now)) return;
      const key = `${hostOf(client)} ${server}`;
      let known = arrivals.get(key);
      if (known === undefined) {
        known = { times: [], told: Number.NEGATIVE_INFINITY };
        remember(arrivals, key, known);
      }
      known.times.push(now);
      if (known.times.length > STORM) known.times.shift();
      const span = now - known.times[0];
      if (known.times.length < STORM || span > STORM_SECONDS || now - known.told <= STORM_SECONDS) return;
      known.told = now;
      c.report(row, 'session.reconnect-storm', { other: STORM, value: span });
    },
  };
}
