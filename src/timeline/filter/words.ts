import { SEVERITIES, type Severity } from '../../core/note.ts';
import { isUnknownName, messageNames } from '../../schema/message-names.ts';
import { NOTES } from '../../schema/notes.ts';
import { FilterError, nearest } from './error.ts';
import { normal } from './fields.ts';
import type { FieldRef, Literal, Relation } from './syntax.ts';

/** Refuses a word that a field of text can never hold. Only for equality: parts of words and patterns may be anything. */
export function checkWord(filter: string, ref: FieldRef, relation: Relation, literal: Literal): void {
  const refuse = (what: string, hint: string, known: readonly string[], given: string): FilterError =>
    new FilterError(filter, literal.start, literal.end, `there is no ${what} "${literal.text}"; ${hint}`, nearest(given, known));
  if (relation !== '==' && relation !== '!=' && relation !== '===' && relation !== '~=') return;
  if (ref.name === 'apns.command' || ref.name === 'apns.message') {
    const given = normal(literal.text);
    if (!isCommand(given))
      throw refuse(
        'message',
        'the list names them: message, connect, push …',
        [...new Set(messageNames().map(({ name }) => name))],
        literal.text.toLowerCase(),
      );
  } else if (ref.name === 'apns.note') {
    const { text } = literal;
    if (!Object.hasOwn(NOTES, text) && !SEVERITIES.includes(text as Severity))
      throw refuse(
        'note or finding',
        'docs/notes.md lists them, and severities stand for all of theirs',
        [...SEVERITIES, ...Object.keys(NOTES)],
        text,
      );
  }
}

let words: ReadonlySet<string> | undefined;

/** A name or a label of a message, with dashes. */
function isCommand(given: string): boolean {
  words ??= new Set(messageNames().flatMap(({ name, label }) => [normal(name), normal(label)]));
  return words.has(given) || isUnknownName(given);
}
