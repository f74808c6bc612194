/** A replay as it is prepared and watched: the form, its fields, and what came back. */
import type { Difference } from '../replay/compare.ts';
import type { Outcome } from '../replay/ledger.ts';

export interface ReplayForm {
  readonly messages: 'this' | 'marked' | 'shown';
  /** host:port. */
  readonly target: string;
  readonly role: 'as recorded' | 'device' | 'provider' | 'server';
  /** As a server: [HOST:]PORT that devices connect to. */
  readonly listen: string;
  readonly speed: 'as recorded' | '2x' | '10x' | '100x' | 'max';
  /** Messages a second, as typed; empty: no limit. */
  readonly rate: string;
  readonly tls: 'verify' | 'any certificate' | 'none';
  readonly times: 'moved to now' | 'as recorded';
  /** FIELD=VALUE, several with a semicolon and a space between them. */
  readonly set: string;
  /** A .p8 key that signs provider tokens, its id (empty: as the file is named) and its team. */
  readonly signKey: string;
  readonly keyId: string;
  readonly teamId: string;
  /** HTTP proxy, host:port; empty: none. */
  readonly proxy: string;
  /** A host that is not this machine and may be sent to; empty: none. */
  readonly remote: string;
  readonly dry: 'yes' | 'no';
}

export interface ReplayField {
  readonly name: keyof ReplayForm;
  readonly label: string;
  readonly doc: string;
  /** Values that are gone through; undefined: typed. */
  readonly values?: readonly string[];
}

export const REPLAY_FIELDS: readonly ReplayField[] = [
  { name: 'messages', label: 'Messages', doc: 'which to send', values: ['this', 'marked', 'shown'] },
  { name: 'target', label: 'Target', doc: 'host:port; other machines are refused unless named below' },
  { name: 'role', label: 'Role', doc: 'whose part is played', values: ['as recorded', 'device', 'provider', 'server'] },
  { name: 'speed', label: 'Speed', doc: 'recorded pace, or faster', values: ['as recorded', '2x', '10x', '100x', 'max'] },
  { name: 'rate', label: 'Rate', doc: 'at most so many messages a second, such as 50/s; empty: no limit' },
  { name: 'tls', label: 'TLS', doc: "the lab's authority and the system's are trusted", values: ['verify', 'any certificate', 'none'] },
  { name: 'times', label: 'Expiries', doc: 'expiries and timestamps', values: ['moved to now', 'as recorded'] },
  { name: 'remote', label: 'Allow remote', doc: 'this host may be sent to, though it is not this machine' },
  { name: 'dry', label: 'Dry run', doc: 'show the plan and send nothing', values: ['yes', 'no'] },
  { name: 'set', label: 'Set', doc: 'field=value; field=value: topic=…, token=…, expiry=+1h, payload.aps.badge=3' },
  { name: 'signKey', label: 'Sign key', doc: '.p8 key that signs provider tokens anew' },
  { name: 'keyId', label: 'Key id', doc: 'of the sign key, where its name does not say' },
  { name: 'teamId', label: 'Team id', doc: 'of the sign key' },
  { name: 'listen', label: 'Listen', doc: '[host:]port; as a server: devices connect here and get what servers said' },
  { name: 'proxy', label: 'Proxy', doc: 'host:port of an HTTP proxy to CONNECT through' },
];

/** A message and what became of it. */
export interface ReplayLine {
  readonly row: number;
  readonly text: string;
  readonly outcome: Outcome;
  /** Milliseconds to the answer: now, and in the capture; NaN without. */
  readonly now: number;
  readonly recorded: number;
  readonly why: string | undefined;
  readonly differences: readonly Difference[];
}

export interface ReplayState {
  readonly form: ReplayForm;
  /** Field under the cursor. */
  readonly field: number;
  readonly focus: 'form' | 'results';
  readonly phase: 'form' | 'starting' | 'running' | 'paused' | 'done' | 'failed';
  readonly planned: number;
  readonly sent: number;
  readonly answered: number;
  readonly counts: Readonly<Partial<Record<Outcome, number>>>;
  /** Milliseconds to the answer, of what came back. */
  readonly times: { readonly p50: number; readonly p90: number } | undefined;
  /** What became of the messages, oldest first; the oldest are dropped. */
  readonly lines: readonly ReplayLine[];
  /** The plan of a dry run. */
  readonly plan: readonly string[];
  readonly selected: number;
  readonly follow: boolean;
  readonly error: string | undefined;
  readonly remarks: readonly string[];
}

/** Results that are kept; what differs is kept longest. */
export const RESULT_LIMIT = 2000;

export const FIRST_FORM: ReplayForm = {
  messages: 'this',
  target: '127.0.0.1:2197',
  role: 'as recorded',
  speed: 'as recorded',
  rate: '',
  tls: 'verify',
  times: 'moved to now',
  listen: '',
  set: '',
  signKey: '',
  keyId: '',
  teamId: '',
  proxy: '',
  remote: '',
  dry: 'yes',
};

export function replayState(form: ReplayForm): ReplayState {
  return {
    form,
    field: 0,
    focus: 'form',
    phase: 'form',
    planned: 0,
    sent: 0,
    answered: 0,
    counts: {},
    times: undefined,
    lines: [],
    plan: [],
    selected: 0,
    follow: true,
    error: undefined,
    remarks: [],
  };
}

export const isRunning = (replay: ReplayState | undefined): boolean =>
  replay !== undefined && (replay.phase === 'starting' || replay.phase === 'running' || replay.phase === 'paused');

/** The form with the field's next value. */
export function cycled(form: ReplayForm, field: ReplayField, step: 1 | -1): ReplayForm {
  const { values } = field;
  if (values === undefined) return form;
  const at = values.indexOf(form[field.name]);
  return { ...form, [field.name]: values[(at + step + values.length) % values.length] };
}

/** Lines that the results pane holds: results, or the plan of a dry run. */
export const resultCount = (replay: ReplayState): number => (replay.plan.length > 0 ? replay.plan.length : replay.lines.length);

/** Adds results; when there are too many the oldest that were as expected go first. */
export function withLines(before: readonly ReplayLine[], added: readonly ReplayLine[]): readonly ReplayLine[] {
  const all = [...before, ...added];
  if (all.length <= RESULT_LIMIT) return all;
  let tooMany = all.length - RESULT_LIMIT;
  const kept = all.filter((line) => line.outcome !== 'equal' || tooMany-- <= 0);
  return kept.slice(-RESULT_LIMIT);
}
