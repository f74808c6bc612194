import type { Finding } from './ledger.ts';

const UNKNOWN_TOKENS =
  'the target does not know the recorded tokens: give --token-map, or start the emulator with --device TOKEN:TOPIC or --accept-unknown-tokens';
/** What a difference often comes from, and the option against it. */
const ADVICE: readonly { readonly field: string; readonly live: RegExp; readonly say: string }[] = [
  {
    field: 'status',
    live: /^3 /,
    say: 'a gateway takes the topic from a client certificate: give --cert, or start the emulator with --default-topic TOPIC',
  },
  { field: 'status', live: /^8 /, say: UNKNOWN_TOKENS },
  { field: 'reason', live: /^BadDeviceToken$/, say: UNKNOWN_TOKENS },
  {
    field: 'reason',
    live: /^(?:Invalid|Expired|Missing)ProviderToken$/,
    say: 'recorded provider tokens are too old, or of a key that the target does not know: sign them anew with --sign-key and --team-id',
  },
  {
    field: 'invalid_presence_reason',
    live: /^(?:certificate|nonce|signature|time|no signature)$/,
    say: 'the courier does not take the signature of the Connect: give --identity, or start the emulator with --verify off',
  },
];

/** Sentences on what may be behind the differences, each once, in the order of the table. */
export function adviceOn(findings: readonly Finding[]): string[] {
  const met = ADVICE.filter(({ field, live }) =>
    findings.some(({ differences }) => differences.some((one) => one.field === field && one.live !== undefined && live.test(one.live))),
  );
  return [...new Set(met.map(({ say }) => say))];
}
