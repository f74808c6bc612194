import { DIALECT, messageType } from '../core/message.ts';
import { COURIER } from '../schema/courier.ts';
import { COURIER_IOS4 } from '../schema/courier-ios4.ts';
import type { CommandTable } from '../schema/definition.ts';
import { FEEDBACK } from '../schema/feedback.ts';
import { CONTROL_ROW, FRAME, HTTP2_ROWS } from '../schema/http2.ts';
import { GATEWAY } from '../schema/provider.ts';
import { HANDSHAKE } from '../schema/tls.ts';

/** Message types are below 8 × 256; two directions each. */
export const KINDS = 8 * 256 * 2;

/** What rules call a kind of message: `<dialect> <c2s|s2c> <name of the command's row>`. */
export type KindName = `${'courier' | 'ios4' | 'gateway' | 'feedback' | 'http2' | 'tls'} ${'c2s' | 's2c'} ${string}`;

/** Number of a message's kind: its type and direction. */
export function kindOf(type: number, dir: number): number {
  return (type << 1) | dir;
}

const TABLES: Readonly<Record<string, readonly [codes: readonly number[], table: CommandTable]>> = {
  courier: [[DIALECT.courier, DIALECT.packed], COURIER],
  ios4: [[DIALECT.ios4], COURIER_IOS4],
  gateway: [[DIALECT.gateway], GATEWAY],
  feedback: [[DIALECT.feedback], FEEDBACK],
};

/** Every kind number that a name stands for; the courier's names hold for both of its encodings. Throws on a name of no row. */
export function kinds(name: KindName): readonly number[] {
  const [dialect, dir, command] = name.split(' ');
  const d = dir === 's2c' ? 1 : 0;
  const of = (code: number, id: number | undefined): number => {
    if (id === undefined) throw new Error(`no such message: ${name}`);
    return kindOf(messageType(code, id), d);
  };
  if (dialect === 'tls') return [of(DIALECT.tls, (HANDSHAKE as Readonly<Record<string, number>>)[command])];
  if (dialect === 'http2') {
    const frame = (FRAME as Readonly<Record<string, number>>)[command];
    const row = (HTTP2_ROWS as Readonly<Record<string, { readonly code: number }>>)[command];
    return [of(DIALECT.http2, row?.code ?? (frame === undefined ? undefined : CONTROL_ROW + frame))];
  }
  const [codes, table] = TABLES[dialect];
  return codes.map((code) => of(code, table[command]?.id));
}
