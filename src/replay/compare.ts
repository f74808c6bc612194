import type { Answer } from './recorded.ts';

export interface Difference {
  readonly field: string;
  readonly recorded: string | undefined;
  readonly live: string | undefined;
}

/**
 * Fields of answers that differ without meaning: times, ids that servers make, and what a server says about itself
 * (sizes, keep-alive intervals, region), which is another server's in a replay.
 */
export const DEFAULT_IGNORE: readonly string[] = [
  'timestamp',
  'ack_timestamp',
  'server_time',
  'server_time_for_bad_nonce',
  'date',
  'apns-id',
  'apns-unique-id',
  'apns-request-id',
  'content-length',
  'server',
  'access-control-expose-headers',
  'content-type',
  'server_metadata',
  'message_size',
  'large_message_size',
  'capabilities',
  'unknown5',
  'unknown12',
  'geo_region',
  'client_ip',
  'experiment_id',
  'min_keep_alive',
  'expected_keep_alive',
  'max_keep_alive',
  'delay_keep_alive',
  'psk_vending_status',
];

/** A field list from the command line: `a,b` replaces the default, `+a` adds to it, `-a` takes away. */
export function ignoreList(given: readonly string[] | undefined): ReadonlySet<string> {
  const names = (given ?? [])
    .flatMap((text) => text.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const out = new Set(names.length === 0 || names.some((name) => /^[+-]/.test(name)) ? DEFAULT_IGNORE : []);
  for (const name of names) {
    if (name.startsWith('-')) out.delete(name.slice(1));
    else out.add(name.replace(/^\+/, ''));
  }
  return out;
}

/** A courier may leave out a status that is 0: the field is optional (rustpush, pypush). */
const ABSENT_IS_ZERO: ReadonlySet<string> = new Set(['response']);

/** Field by field; `mapped` gives what a recorded token or channel is called at the target. */
export function differences(
  recorded: Answer,
  live: Answer,
  ignore: ReadonlySet<string>,
  mapped: (text: string) => string | undefined,
): Difference[] {
  const out: Difference[] = [];
  for (const field of new Set([...Object.keys(recorded), ...Object.keys(live)])) {
    if (ignore.has(field.replace(/\[\d+\]$/, ''))) continue;
    const [was, is] = [recorded[field], live[field]];
    if (ABSENT_IS_ZERO.has(field) && (was ?? '0') === (is ?? '0')) continue;
    if (was === is || (was !== undefined && mapped(was) === is && is !== undefined)) continue;
    out.push({ field, recorded: was, live: is });
  }
  return out;
}
