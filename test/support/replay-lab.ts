/** A replay against an emulator in the same process, without the command line. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts';
import { type Clock, REAL_CLOCK } from '../../src/replay/clock.ts';
import { DEFAULT_IGNORE } from '../../src/replay/compare.ts';
import { DIAL_DEFAULTS, dial } from '../../src/replay/dial.ts';
import { Ledger } from '../../src/replay/ledger.ts';
import type { PeerSettings } from '../../src/replay/peers/peer.ts';
import { makePlan, type Plan, type Role } from '../../src/replay/plan.ts';
import { NameMap, type RewriteOptions, Rewriter } from '../../src/replay/rewrite.ts';
import { type RunOptions, runPlan } from '../../src/replay/run.ts';
import { compileFilter } from '../../src/timeline/filter/filter.ts';
import { openReading, type Reading } from '../../src/timeline/open.ts';

/** One state directory for the whole file: making keys is slow. */
export const LAB = mkdtempSync(join(tmpdir(), 'apns-replay-lab-'));

export const QUICK: PeerSettings = { timeoutMs: 3000, quietMs: 150, concurrency: undefined, identity: undefined, ownIdentifiers: false };

export async function load(path: string, keys: readonly string[] = []): Promise<Reading> {
  const reading = await openReading([path], { keys, decodeAs: [], follow: false, expandPayloads: true });
  while (reading.step() !== 'done') await new Promise<void>((resolve) => setImmediate(resolve));
  return reading;
}

export interface ReplayWish {
  readonly port: number;
  readonly filter?: string;
  readonly rows?: readonly number[];
  readonly role?: Role;
  readonly plaintext?: boolean;
  readonly ca?: string;
  readonly certificate?: string;
  readonly rewrite?: Partial<RewriteOptions>;
  readonly run?: Partial<RunOptions>;
  readonly peer?: Partial<PeerSettings>;
  readonly names?: NameMap;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly sending?: (bytes: Uint8Array) => void;
}

export interface Replayed {
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly names: NameMap;
}

export async function replay(reading: Reading, wish: ReplayWish): Promise<Replayed> {
  const { timeline } = reading;
  const all = Array.from({ length: timeline.length }, (_, row) => row);
  const rows = wish.rows ?? (wish.filter === undefined ? all : [...compileFilter(wish.filter).select(timeline, 0, timeline.length)]);
  const plan = makePlan(timeline, rows, wish.role);
  const names = wish.names ?? new NameMap();
  const ledger = new Ledger(timeline, plan, new Set(DEFAULT_IGNORE), names);
  const rewriter = new Rewriter(timeline, { rules: [], shiftTimes: true, authorization: undefined, ...wish.rewrite }, names);
  const signal = wish.signal ?? new AbortController().signal;
  await runPlan({
    timeline,
    plan,
    ledger,
    names,
    rewriter,
    clock: wish.clock ?? REAL_CLOCK,
    signal,
    options: {
      pace: { speed: Number.POSITIVE_INFINITY, gapMax: undefined, rate: undefined },
      loop: 1,
      loopDelayMs: 0,
      startAt: undefined,
      connections: undefined,
      peer: { ...QUICK, ...wish.peer },
      ...wish.run,
    },
    sending: wish.sending,
    open: (alpn) =>
      dial(
        {
          ...DIAL_DEFAULTS,
          target: { host: '127.0.0.1', port: wish.port },
          address: '127.0.0.1',
          plaintext: wish.plaintext === true,
          ca: wish.ca === undefined ? undefined : [wish.ca],
          certificate: wish.certificate,
          connectTimeoutMs: 5000,
        },
        alpn,
        signal,
      ),
  });
  return { ledger, plan, names };
}

export function emulator(options: EmulatorOptions = {}): Promise<Emulator> {
  return startEmulator({ directory: LAB, ...options });
}
