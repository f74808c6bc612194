import type { Dir } from '../core/stream.ts';
import type { Suite } from '../schema/tls-suite.ts';
import { suite as suiteOf } from '../schema/tls-suite.ts';
import { type Epoch, trafficEpoch } from './read-state.ts';
import { LABEL, type SecretStore } from './secret-store.ts';

/** Suites that are tried when no hello tells; the CCM suites are as rare as their trials are dear. */
const USUAL: readonly number[] = [0x1301, 0x1302, 0x1303];
/** Pairs of secret and suite that are tried for one record: the newest lines of a key log. */
const CANDIDATES = 192;
/** What it costs to make the keys of one, in trials. */
const CANDIDATE_COST = 128;
/** Numbers tried with every secret at first; what is left of the budget goes into longer ranges for all of them. */
const FIRST_NUMBERS = 64;
/** A push connection that has sent this many records lives for months. */
const NUMBER_LIMIT = 1 << 20;
/** Trials for one direction, about 0.1 s, and for all connections of a run, about 1 s. */
const TRIALS = 50_000;
const TRIALS_ALL = 500_000;

/** Keys that open a record, found by trial. */
export interface FoundKeys {
  readonly random: Uint8Array;
  /** Direction in which the key log says that these keys are used. */
  readonly dir: Dir;
  readonly epoch: Epoch;
  readonly sequence: number;
}

/** What is known of the session whose keys are looked for. */
export interface SearchScope {
  /** Client random, when the ClientHello was seen. */
  readonly random: Uint8Array | undefined;
  /** Suite numbers that are possible; undefined for all. */
  readonly suites: readonly number[] | undefined;
  /** Directions whose secrets are possible. */
  readonly dirs: readonly Dir[];
}

interface Candidate {
  readonly random: Uint8Array;
  readonly dir: Dir;
  readonly epoch: Epoch;
}

/**
 * Finds the TLS 1.3 keys of a record whose hellos are not in the capture: its tag tells which secret of the key log,
 * which suite and which record number fit. Older versions cannot be helped, because their keys need both randoms.
 * The number of trials is bounded, for a record and for a run.
 */
export class KeySearch {
  private left = TRIALS_ALL;
  private readonly store: SecretStore;

  constructor(store: SecretStore) {
    this.store = store;
  }

  /** The keys of the protected record `buf[start, end)`; undefined when none fit within the bounds. */
  find(scope: SearchScope, buf: Uint8Array, start: number, end: number): FoundKeys | undefined {
    if (this.left <= 0) return undefined;
    const candidates = this.candidates(scope);
    this.left -= candidates.length * CANDIDATE_COST;
    let budget = Math.min(TRIALS - candidates.length * CANDIDATE_COST, this.left);
    for (let from = 0, to = FIRST_NUMBERS; candidates.length > 0 && budget > 0 && from < NUMBER_LIMIT; from = to, to *= 4) {
      for (const { random, dir, epoch } of candidates) {
        // Few records go by under handshake keys.
        const most = epoch.name === 'handshake' ? Math.min(to, FIRST_NUMBERS) : to;
        for (let sequence = from; sequence < most && budget > 0; sequence++) {
          budget--;
          this.left--;
          if (epoch.cipher.probe(sequence, buf, start, end)) return { random, dir, epoch, sequence };
        }
      }
    }
    return undefined;
  }

  private candidates(scope: SearchScope): Candidate[] {
    const found: Candidate[] = [];
    const take = (label: number, random: Uint8Array, secret: Uint8Array): boolean => {
      const dir: Dir = label === LABEL.server || label === LABEL.serverHandshake ? 1 : 0;
      const name = label === LABEL.server || label === LABEL.client ? 'application' : 'handshake';
      if (!scope.dirs.includes(dir)) return true;
      for (const suite of fitting(scope.suites, secret.length)) {
        const epoch = trafficEpoch(name, suite, secret);
        if (epoch !== undefined) found.push({ random, dir, epoch });
      }
      return found.length < CANDIDATES;
    };
    if (scope.random === undefined) {
      this.store.newest((label, random, secret) => !LABELS.includes(label) || take(label, random, secret));
      return found;
    }
    for (const label of LABELS) {
      const secret = this.store.find(label, scope.random);
      if (secret !== undefined) take(label, scope.random, secret);
    }
    return found;
  }
}

const LABELS: readonly number[] = [LABEL.client, LABEL.server, LABEL.clientHandshake, LABEL.serverHandshake];

function fitting(allowed: readonly number[] | undefined, length: number): Suite[] {
  return (allowed ?? USUAL)
    .map(suiteOf)

    .filter((s): s is Suite => s !== undefined && s.exchange === '' && (s.digest === 'sha384' ? 48 : 32) === length);
}
