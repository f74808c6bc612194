/** Tries rules on what happens; the first that matches says what to do. Seeded: equal runs have equal faults. */
import type { EmulatorClock, Timer } from '../clock.ts';
import type { Events } from '../event.ts';
import type { SeededRandom } from '../random.ts';
import type { Action, Rule, When } from './rule.ts';

/** What a rule can look at. */
export interface Facts {
  readonly server: NonNullable<When['server']>;
  readonly on: 'connect' | 'message' | 'delivery';
  readonly connection: number;
  readonly token?: string | undefined;
  readonly topic?: string | undefined;
  readonly path?: string | undefined;
  readonly command?: string | undefined;
}

interface Armed {
  readonly rule: Rule;
  readonly id: number;
  readonly since: number;
  readonly token: RegExp | undefined;
  readonly topic: RegExp | undefined;
  readonly path: RegExp | undefined;
  /** Matches so far, over the run or by connection. */
  count: number;
  readonly counts: Map<number, number>;
  acted: number;
  timer: Timer | undefined;
}

/** Connections that a `per: connection` rule counts; the oldest is forgotten beyond it. */
const MAX_COUNTED = 100_000;

export class FaultEngine {
  private armed: Armed[] = [];
  private nextId = 1;
  private readonly clock: EmulatorClock;
  private readonly random: SeededRandom;
  private readonly events: Events;
  /** Performs what a rule of time says; set by the emulator. */
  onTime: (rule: Rule) => void = () => {};
  /** Rules that look at deliveries exist: the courier's fast path asks. */
  watchesDeliveries = false;

  constructor(clock: EmulatorClock, random: SeededRandom, events: Events) {
    this.clock = clock;
    this.random = random;
    this.events = events;
  }

  /** Adds a rule after the others; returns its number. */
  add(rule: Rule): number {
    const { when } = rule;
    const armed: Armed = {
      rule,
      id: this.nextId++,
      since: this.clock.now(),
      token: glob(when.token?.toLowerCase()),
      topic: glob(when.topic),
      path: glob(when.path),
      count: 0,
      counts: new Map(),
      acted: 0,
      timer: undefined,
    };
    this.armed.push(armed);
    if (when.on === 'time') this.armTimer(armed);
    this.refresh();
    return armed.id;
  }

  remove(id: number): boolean {
    const found = this.armed.find((armed) => armed.id === id);
    if (found === undefined) return false;
    this.clock.cancel(found.timer);
    this.armed = this.armed.filter((armed) => armed !== found);
    this.refresh();
    return true;
  }

  clear(): void {
    for (const armed of this.armed) this.clock.cancel(armed.timer);
    this.armed = [];
    this.refresh();
  }

  list(): { readonly id: number; readonly rule: Rule; readonly matched: number; readonly acted: number }[] {
    return this.armed.map(({ id, rule, count, acted }) => ({ id, rule, matched: count, acted }));
  }

  /** What to do about this; undefined = nothing unusual. */
  match(facts: Facts): Action | undefined {
    for (const armed of this.armed) {
      if (!this.applies(armed, facts)) continue;
      armed.acted++;
      const action = armed.rule.do;
      if (action.skew !== undefined) this.clock.advance(action.skew);
      if (this.events.wanted) {
        this.events.emit({
          at: this.clock.now(),
          kind: 'fault',
          server: facts.server,
          connection: facts.connection,
          detail: armed.rule.name ?? `rule ${armed.id}`,
          ...(facts.token === undefined ? {} : { token: facts.token }),
        });
      }
      return action;
    }
    return undefined;
  }

  /** Delay of an action with its jitter, in milliseconds. */
  delayOf(action: Action): number {
    return (action.delay ?? 0) + (action.jitter === undefined ? 0 : this.random.next() * action.jitter);
  }

  garbage(length: number): Uint8Array {
    return this.random.bytes(length);
  }

  private applies(armed: Armed, facts: Facts): boolean {
    const { when, times } = armed.rule;
    if ((when.on ?? 'message') !== facts.on || (when.server !== undefined && when.server !== facts.server)) return false;
    if (times !== undefined && armed.acted >= times) return false;
    if (!holds(armed.token, facts.token) || !holds(armed.topic, facts.topic) || !holds(armed.path, facts.path)) return false;
    if (when.command !== undefined && when.command !== facts.command) return false;
    const age = this.clock.now() - armed.since;
    if ((when.from !== undefined && age < when.from) || (when.until !== undefined && age >= when.until)) return false;
    const n = this.count(armed, facts.connection);
    if (when.nth !== undefined && n !== when.nth) return false;
    if (when.every !== undefined && n % when.every !== 0) return false;
    if (when.after !== undefined && n <= when.after) return false;
    return when.probability === undefined || this.random.next() < when.probability;
  }

  private count(armed: Armed, connection: number): number {
    armed.count++;
    if (armed.rule.when.per !== 'connection') return armed.count;
    const n = (armed.counts.get(connection) ?? 0) + 1;
    armed.counts.set(connection, n);
    if (armed.counts.size > MAX_COUNTED)
      for (const oldest of armed.counts.keys()) {
        armed.counts.delete(oldest);
        break;
      }
    return n;
  }

  /** A rule of time acts at `from`, then every `every` milliseconds' worth of `every` seconds until `until`. */
  private armTimer(armed: Armed): void {
    const { from = 0, until = Number.POSITIVE_INFINITY, every } = armed.rule.when;
    const at = armed.since + from + armed.acted * (every ?? 0) * 1000;
    if (at - armed.since >= until || (armed.rule.times !== undefined && armed.acted >= armed.rule.times)) return;
    armed.timer = this.clock.schedule(at, () => {
      armed.acted++;
      armed.count++;
      const { skew } = armed.rule.do;
      if (skew !== undefined) this.clock.advance(skew);
      this.onTime(armed.rule);
      if (every !== undefined && every > 0) this.armTimer(armed);
    });
  }

  private refresh(): void {
    this.watchesDeliveries = this.armed.some((armed) => armed.rule.when.on === 'delivery');
  }
}

function holds(pattern: RegExp | undefined, text: string | undefined): boolean {
  return pattern === undefined || (text !== undefined && pattern.test(text));
}

/** `*` stands for any characters. One star at a time keeps matching linear enough: consecutive stars are one. */
function glob(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
