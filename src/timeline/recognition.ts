import { detectDialect, dialectOfAlpn } from '../codec/detect.ts';
import { gateway } from '../codec/gateway.ts';
import { tlv } from '../codec/tlv.ts';
import type { Dialect } from '../core/dialect.ts';
import type { ConnectionFacts, Verdict } from './connection.ts';
import { type DecodeRule, port } from './decode-as.ts';
import type { StreamRecord } from './streams.ts';

/**
 * What a connection, or what is inside its TLS, speaks: by the user's rules, by ALPN, by its bytes. `first` and `second` are the
 * beginnings of its directions; `final`: no more of them comes.
 */
export function recognise(
  rules: readonly DecodeRule[],
  looksLikeTls: (b: Uint8Array, start: number, end: number) => boolean | 'need',
  first: Uint8Array,
  second: Uint8Array,
  facts: ConnectionFacts,
  record: StreamRecord,
  final: boolean,
): Verdict {
  const rule = rules.find((r) => r.matches(record.endpoints, facts.stream));
  const inner = facts !== record.facts;
  if (!inner) {
    if (rule?.dialect === 'tls') return { tls: true, swapped: false };
    const tls = combine(looksLikeTls(first, 0, first.length), looksLikeTls(second, 0, second.length));
    if (tls === true) return { tls: true, swapped: false };
    if (tls === 'need' && !final) return 'need';
  }
  if (rule !== undefined && rule.dialect !== 'tls') return { dialect: rule.dialect, swapped: false };
  const chosen = facts.alpn === undefined ? undefined : dialectOfAlpn(facts.alpn);
  if (chosen !== undefined) return { dialect: chosen, swapped: false };
  const verdict = detectDialect(first, second, {
    alpn: facts.alpn,
    rolesKnown: facts.rolesKnown,
    ports: record.endpoints.ports ?? [port(record.endpoints.a), port(record.endpoints.b)],
    final,
  });
  return verdict === 'unknown' ? findInside(first, second, facts.rolesKnown) : verdict;
}

/** Dialects whose messages are recognised in the middle of bytes: their `resync` asks for a chain of plausible frames. */
const FOUND_INSIDE: readonly Dialect[] = [tlv, gateway];
/** Bytes that are searched for the first message of a capture that starts late: some of the largest messages. */
const INSIDE_LIMIT = 64 * 1024;

/** Looks for messages behind the rest of one whose beginning is not in the capture. */
function findInside(first: Uint8Array, second: Uint8Array, rolesKnown: boolean): Verdict {
  for (const dialect of FOUND_INSIDE) {
    const framing = dialect.open({});
    for (const swapped of rolesKnown ? [false] : [false, true]) {
      for (const side of [0, 1] as const) {
        const bytes = side === 0 ? first : second;
        const dir = (swapped ? 1 - side : side) as 0 | 1;
        // A gateway says one thing, of six bytes: it has no middle.
        if (dialect === gateway && dir === 1) continue;
        if (bytes.length > 0 && framing.resync(dir, bytes, 1, Math.min(bytes.length, INSIDE_LIMIT)) > 0)
          return { dialect, swapped, inside: true };
      }
    }
  }
  return 'unknown';
}

function combine(a: boolean | 'need', b: boolean | 'need'): boolean | 'need' {
  if (a === true || b === true) return true;
  return a === 'need' || b === 'need' ? 'need' : false;
}
