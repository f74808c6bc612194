import { http2RowDefs } from './http2.ts';
import { TABLES } from './registry.ts';
import { HANDSHAKE_TYPES, TLS_ENTRIES } from './tls.ts';

/** A message by its name in filters and by its label. */
interface MessageName {
  readonly name: string;
  readonly label: string;
}

/** Rows for bytes that are no message, as the timeline names them. */
const CAPTURE: readonly MessageName[] = [
  { name: 'gap', label: 'Gap' },
  { name: 'truncated', label: 'Truncated message' },
  { name: 'skipped', label: 'Skipped bytes' },
  { name: 'unknown', label: 'Unknown data' },
];

/** Every message that has a row of a table, of any dialect; those of unknown messages are made (`isUnknownName`). */
export function messageNames(): readonly MessageName[] {
  return [
    ...TABLES.flatMap(({ table }) => Object.entries(table).map(([name, { label }]) => ({ name, label }))),
    ...http2RowDefs(),
    ...Object.values(HANDSHAKE_TYPES).map((label) => ({ name: label.toLowerCase().replaceAll(' ', '-'), label })),
    ...Object.values(TLS_ENTRIES),
    ...CAPTURE,
  ];
}

/** Whether a name, in lower case with single dashes, is one that unknown messages get. */
export function isUnknownName(name: string): boolean {
  return /^(unknown-?[0-9a-f]{2}|frame|handshake-message-\d+)$/.test(name);
}
