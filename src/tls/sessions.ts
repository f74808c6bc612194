import { toHex } from '../core/bytes.ts';
import { versionName } from '../schema/tls.ts';
import { REASON, REASONS } from '../schema/tls-reason.ts';
import { suiteName } from '../schema/tls-suite.ts';
import type { TlsKeys } from './keys.ts';
import type { TlsSession } from './session.ts';

/** One TLS session of a capture, as `apns-inspect keys` lists it. */
export interface SessionSummary {
  readonly stream: number;
  /** Hex; undefined when the capture starts after the ClientHello. */
  readonly clientRandom: string | undefined;
  readonly version: string | undefined;
  readonly suite: string | undefined;
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  /** Secrets at hand for it: `CLIENT_TRAFFIC_SECRET_0` … */
  readonly keys: readonly string[];
  /** Where the keys that were used came from: key log, private key, pre-shared key, resumed session. */
  readonly source: string | undefined;
  /** "by ticket, from stream 3". */
  readonly resumed: string | undefined;
  readonly decrypted: 'all' | 'part' | 'none' | 'nothing to decrypt';
  /** Records: protected ones seen, decrypted, failed, over both directions. */
  readonly records: number;
  readonly opened: number;
  readonly failed: number;
  /** Why not, and what to do; undefined when all is decrypted. */
  readonly reason: string | undefined;
  readonly advice: string | undefined;
}

const DIRECTION = ['client to server', 'server to client'] as const;

/** What there is to say about the keys of a session. `keys` is asked again, because a key log may have grown. */
export function summarise(session: TlsSession, keys: TlsKeys): SessionSummary {
  const records = session.records[0] + session.records[1];
  const opened = session.decrypted[0] + session.decrypted[1];
  const failed = session.failed[0] + session.failed[1];
  const why = reasonOf(session);
  return {
    stream: session.stream,
    clientRandom: session.clientRandom && toHex(session.clientRandom),
    version: session.version === 0 ? undefined : versionName(session.version),
    suite: session.suite < 0 ? undefined : suiteName(session.suite),
    sni: session.sni,
    alpn: session.alpn,
    keys: session.clientRandom === undefined ? [] : keys.labels(session.clientRandom),
    source: session.source,
    resumed:
      session.resumed === undefined
        ? undefined
        : `by ${session.resumed}${session.origin === undefined ? '' : `, from stream ${session.origin}`}`,
    decrypted: records === 0 ? 'nothing to decrypt' : opened === records ? 'all' : opened === 0 ? 'none' : 'part',
    records,
    opened,
    failed,
    reason: why?.text,
    advice: why?.advice,
  };
}

function reasonOf(session: TlsSession): { text: string; advice: string } | undefined {
  const [a, b] = session.reason;
  if (a === REASON.none && b === REASON.none) {
    const failed = session.failed[0] + session.failed[1];
    if (failed === 0) return undefined;
    return { text: `${failed} records failed their authentication`, advice: REASONS[REASON.badTag].advice };
  }
  if (a === b) return { text: REASONS[a].text, advice: REASONS[a].advice };
  const dir = a === REASON.none ? 1 : 0;
  const def = REASONS[session.reason[dir]];
  return { text: `${DIRECTION[dir]}: ${def.text}`, advice: def.advice };
}
