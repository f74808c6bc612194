import type { SessionNoteCode } from '../schema/notes/session.ts';
import { KINDS, type KindName, kinds } from './kinds.ts';

/** One transition: in `from`, a message of these kinds leads to `to`, or stays and is worth a finding. */
interface Transition {
  readonly from: readonly string[];
  readonly on: readonly KindName[];
  /** Left out: the state stays. */
  readonly to?: string;
  /** Only for answers with a status: those with 0, or those with another. */
  readonly status?: 'ok' | 'failed';
  readonly finding?: SessionNoteCode;
}

export interface MachineDef {
  readonly dialect: 'courier' | 'ios4' | 'gateway' | 'feedback' | 'http2';
  /** The first state is the start; `joined` is entered when the first message is none that begins a connection. */
  readonly states: readonly string[];
  readonly transitions: readonly Transition[];
}

const CONNECTED = ['connected', 'filtered'];
const WHILE_CONNECTING: readonly KindName[] = [
  'courier s2c message',
  'courier c2s message',
  'courier c2s keep_alive',
  'courier c2s app_token_generate',
];
const FROM_DEVICE: readonly KindName[] = [
  'courier c2s message',
  'courier c2s keep_alive',
  'courier c2s filter',
  'courier c2s app_token_generate',
];

/** What each dialect's connections go through. */
export const MACHINES: readonly MachineDef[] = [
  {
    dialect: 'courier',
    states: ['new', 'joined', 'connecting', 'refused', 'connected', 'filtered'],
    transitions: [
      { from: ['new', 'joined', 'refused', 'connected'], on: ['courier c2s connect'], to: 'connecting' },
      { from: ['connecting', 'joined'], on: ['courier s2c connect_response'], status: 'ok', to: 'connected' },
      { from: ['connecting', 'joined'], on: ['courier s2c connect_response'], status: 'failed', to: 'refused' },
      { from: ['connecting', ...CONNECTED, 'joined'], on: ['courier c2s filter'], to: 'filtered' },
      { from: ['connecting'], on: WHILE_CONNECTING, finding: 'session.before-accepted' },
      { from: ['refused'], on: FROM_DEVICE, finding: 'session.after-refused' },
    ],
  },
  {
    dialect: 'ios4',
    states: ['new', 'joined', 'connecting', 'refused', 'connected', 'filtered'],
    transitions: [
      { from: ['new', 'joined', 'refused', 'connected'], on: ['ios4 c2s connect'], to: 'connecting' },
      { from: ['connecting', 'joined'], on: ['ios4 s2c connect_response'], status: 'ok', to: 'connected' },
      { from: ['connecting', 'joined'], on: ['ios4 s2c connect_response'], status: 'failed', to: 'refused' },
      { from: ['connecting', ...CONNECTED, 'joined'], on: ['ios4 c2s filter'], to: 'filtered' },
    ],
  },
  {
    dialect: 'gateway',
    states: ['open', 'joined', 'closed'],
    transitions: [{ from: ['open', 'joined'], on: ['gateway s2c error_response'], to: 'closed' }],
  },
  { dialect: 'feedback', states: ['listing', 'joined'], transitions: [] },
  {
    dialect: 'http2',
    states: ['new', 'joined', 'open', 'leaving'],
    transitions: [
      { from: ['new', 'joined'], on: ['http2 c2s preface'], to: 'open' },
      { from: ['new', 'joined', 'open'], on: ['http2 s2c goaway'], to: 'leaving' },
    ],
  },
];

/** A machine as a table. States are numbers; 0 is the start and 1 is `joined`. */
export class Machine {
  readonly def: MachineDef;
  private readonly next: Uint8Array;
  private readonly findings = new Map<number, SessionNoteCode>();

  constructor(def: MachineDef) {
    this.def = def;
    const { states } = def;
    // Per state and kind, once for status 0 or none and once for failures.
    this.next = new Uint8Array(states.length * KINDS * 2);
    for (let s = 0; s < states.length; s++) this.next.fill(s, s * KINDS * 2, (s + 1) * KINDS * 2);
    for (const row of def.transitions) {
      for (const kind of row.on.flatMap((name) => kinds(name))) {
        for (const from of row.from) {
          for (const failed of [0, 1]) {
            if (row.status !== undefined && (row.status === 'failed') !== (failed === 1)) continue;
            const at = this.at(states.indexOf(from), kind, failed === 1);
            if (row.to !== undefined) this.next[at] = states.indexOf(row.to);
            if (row.finding !== undefined) this.findings.set(at, row.finding);
          }
        }
      }
    }
    // The first message of a connection that begins none: the capture starts late.
    if (states[0] === 'new') {
      for (let at = 0; at < KINDS * 2; at++) if (this.next[at] === 0) this.next[at] = 1;
    }
  }

  private at(state: number, kind: number, failed: boolean): number {
    return (state * KINDS + kind) * 2 + (failed ? 1 : 0);
  }

  step(state: number, kind: number, failed: boolean): number {
    return this.next[this.at(state, kind, failed)];
  }

  /** What a message of this kind means in this state, beside leading on. */
  finding(state: number, kind: number, failed: boolean): SessionNoteCode | undefined {
    return this.findings.size === 0 ? undefined : this.findings.get(this.at(state, kind, failed));
  }

  state(name: string): number {
    return this.def.states.indexOf(name);
  }
}

/** Place in `MACHINES` by dialect number; both encodings of the courier have the same. */
const PLACES: readonly (number | undefined)[] = [undefined, undefined, 0, 0, 1, 2, 3, 4];

const machines: (Machine | undefined)[] = [];

/** The machine of a dialect, made when it is first wanted: a listing wants none. */
export function machineOf(dialect: number): Machine | undefined {
  const place = PLACES[dialect];
  if (place === undefined) return undefined;
  machines[place] ??= new Machine(MACHINES[place]);
  return machines[place];
}

/** State number of a capture that begins within the connection. */
export const JOINED = 1;
