import type { Dialect } from '../core/dialect.ts';
import type { DialectName } from '../core/message.ts';
import { feedback } from './feedback.ts';
import { gateway } from './gateway.ts';
import { http2 } from './http2/dialect.ts';
import { ios4 } from './ios4.ts';
import { packed } from './packed/dialect.ts';
import { tlv } from './tlv.ts';

/** Every dialect that can be spoken inside a connection. A new one gets its line here and in `detect`. */
export const ALL_DIALECTS: readonly Dialect[] = [tlv, packed, ios4, gateway, feedback, http2];

const byCode: (Dialect | undefined)[] = [];
for (const dialect of ALL_DIALECTS) byCode[dialect.code] = dialect;

/** The dialect with this number (`DIALECT`), or undefined. */
export function dialectByCode(code: number): Dialect | undefined {
  return byCode[code];
}

/** Names that a user may write beside the real ones. */
const SHORT: Readonly<Record<string, DialectName>> = {
  tlv: 'courier',
  packed: 'courier-packed',
  'apns-pack': 'courier-packed',
  ios4: 'courier-ios4',
  legacy: 'gateway',
  binary: 'gateway',
  h2: 'http2',
};

/** The dialect of this name, short names included, or undefined. */
export function dialectByName(name: string): Dialect | undefined {
  const full = SHORT[name] ?? name;
  return ALL_DIALECTS.find((dialect) => dialect.name === full);
}
