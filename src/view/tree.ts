import type { Field, Message } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { printable } from '../core/text.ts';
import { noteDef } from '../schema/notes.ts';

/** One line of the detail tree. */
export interface TreeLine {
  readonly depth: number;
  readonly label: string;
  readonly text: string;
  /** Byte range in the message, when the line has one. */
  readonly at: { readonly start: number; readonly end: number } | undefined;
  readonly field: Field | undefined;
  readonly severity: 'info' | 'note' | 'warn' | 'error' | undefined;
}

/** Levels that are drawn; deeper ones are cut, so that hostile nesting costs nothing. */
const MAX_DEPTH = 40;

/** The message as lines: fields with their children, then its notes and the findings of rules, with what they mean. */
export function treeLines(message: Message, findings: readonly Note[] = []): TreeLine[] {
  const lines: TreeLine[] = [];
  const walk = (fields: readonly Field[], depth: number): void => {
    for (const field of fields) {
      lines.push({ depth, label: printable(field.label), text: printable(field.text), at: field.at, field, severity: field.note });
      if (field.children !== undefined && depth < MAX_DEPTH) walk(field.children, depth + 1);
    }
  };
  walk(message.fields, 0);
  for (const n of [...message.notes, ...findings]) {
    const def = noteDef(n.code);
    const detail = n.detail === undefined ? '' : ` (${printable(n.detail)})`;
    lines.push({
      depth: 0,
      label: `! ${n.code}`,
      text: `${def?.sentence ?? ''}${detail}`,
      at: { start: n.start, end: n.end },
      field: undefined,
      severity: n.severity,
    });
    if (def !== undefined)
      lines.push({ depth: 1, label: 'advice', text: def.advice, at: undefined, field: undefined, severity: undefined });
  }
  return lines;
}
