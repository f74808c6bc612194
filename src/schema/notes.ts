import type { Note } from '../core/note.ts';
import { CAPTURE_NOTES } from './notes/capture.ts';
import type { NoteDef } from './notes/definition.ts';
import { FIELD_NOTES } from './notes/field.ts';
import { FORMAT_NOTES } from './notes/format.ts';
import { FRAME_NOTES } from './notes/frame.ts';
import { HTTP2_NOTES } from './notes/http2.ts';
import { JWT_NOTES } from './notes/jwt.ts';
import { PACKED_NOTES } from './notes/packed.ts';
import { PAYLOAD_NOTES } from './notes/payload.ts';
import { SESSION_NOTES } from './notes/session.ts';
import { TCP_NOTES } from './notes/tcp.ts';
import { TLS_NOTES } from './notes/tls.ts';

/**
 * Every note code of the product. A code is `area.kebab-case`, and the rows of an area live in `notes/<area>.ts`:
 * adding a note is adding a row there.
 */
export const NOTES = {
  ...CAPTURE_NOTES,
  ...FORMAT_NOTES,
  ...TCP_NOTES,
  ...TLS_NOTES,
  ...FRAME_NOTES,
  ...FIELD_NOTES,
  ...PAYLOAD_NOTES,
  ...PACKED_NOTES,
  ...HTTP2_NOTES,
  ...JWT_NOTES,
  ...SESSION_NOTES,
} as const satisfies Record<string, NoteDef>;

export type NoteCode = keyof typeof NOTES;

/** A note of the table at the half-open byte range [start, end); `detail` says what is particular about this case, as a phrase. */
export function note(code: NoteCode, start: number, end: number, detail?: string): Note {
  const { severity } = NOTES[code] as NoteDef;
  return detail === undefined ? { code, severity, start, end } : { code, severity, start, end, detail };
}

/** The row of a code that comes from outside (a filter, the command line), or undefined. */
export function noteDef(code: string): NoteDef | undefined {
  return Object.hasOwn(NOTES, code) ? (NOTES as Record<string, NoteDef>)[code] : undefined;
}
