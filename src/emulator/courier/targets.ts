/**
 * Whom a device's message is for. On the wire the message goes to a service (iMessage, FaceTime …), which reads the targets
 * out of the property list: key `t`, or `dtl`, a list of dictionaries with `t` each. The emulator plays that service in its
 * simplest form: every token that is named gets the message. A token field that is not the sender's own counts as well.
 */

import { readPlist } from '../../core/plist-reader.ts';
import type { PlistValue } from '../../core/plist-value.ts';
import { flatHex } from '../hex.ts';

/** Tokens of one message; a group conversation has some hundred devices. */
const MAX_TARGETS = 1_000;

/** Tokens, lower-case hex: the message's token field first, then those in the payload. */
export function targetsOf(token: string | undefined, payload: Uint8Array): readonly string[] {
  const targets = new Set<string>();
  if (token !== undefined) targets.add(token);
  const root = payload.length > 8 && payload[0] === 0x62 ? readPlist(payload) : jsonMap(payload);
  if (root instanceof Map) {
    addToken(targets, root.get('t'));
    const list = root.get('dtl');
    if (Array.isArray(list)) for (const entry of list.slice(0, MAX_TARGETS)) if (entry instanceof Map) addToken(targets, entry.get('t'));
  }
  return [...targets];
}

function addToken(targets: Set<string>, value: PlistValue | undefined): void {
  if (value instanceof Uint8Array) targets.add(flatHex(value));
  else if (typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value)) targets.add(value.toLowerCase());
}

function jsonMap(payload: Uint8Array): PlistValue | undefined {
  if (payload[0] !== 0x7b) return undefined;
  try {
    const value = JSON.parse(Buffer.from(payload).toString('utf8')) as { t?: unknown; dtl?: unknown };
    const map = new Map<string, PlistValue>();
    if (typeof value.t === 'string') map.set('t', value.t);
    if (Array.isArray(value.dtl)) {
      const entries = value.dtl as { t?: unknown }[];
      map.set(
        'dtl',
        entries.slice(0, MAX_TARGETS).map((entry) => new Map([['t', typeof entry?.t === 'string' ? entry.t : '']])),
      );
    }
    return map;
  } catch {
    return undefined;
  }
}
