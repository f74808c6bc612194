import type { Glance } from '../core/glance.ts';
import type { Note } from '../core/note.ts';
import { printable } from '../core/text.ts';
import { note } from '../schema/notes.ts';
import { TLS_ENTRIES, TLS_ENTRY } from '../schema/tls.ts';
import { REASONS } from '../schema/tls-reason.ts';
import { encryptedInfo } from './decode.ts';
import { FACTS, unpackFacts } from './row.ts';

/** By reason: the note about what stays encrypted. */
const NOTES: (readonly Note[])[] = [];

/** What `decodeTls` tells a list of records that stay encrypted, from `aux` alone; false for any other row. */
export function glanceTls(aux: Uint8Array, glance: Glance): boolean {
  if (aux.length !== FACTS) return false;
  const facts = unpackFacts(aux);
  const { command, reason } = facts;
  if (command !== TLS_ENTRY.applicationData && command !== TLS_ENTRY.encryptedHandshake) return false;
  glance.label = TLS_ENTRIES[command].label;
  glance.info.text(printable(encryptedInfo(facts)));
  NOTES[reason] ??= [note('tls.not-decrypted', 0, 0, REASONS[reason]?.text)];
  glance.notes = NOTES[reason];
  return true;
}
