import type { TopicLookup } from '../core/dialect.ts';
import { type DialectName, type Field, type Message, messageType } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import type { Dir } from '../core/stream.ts';
import { type Commands, interpret } from '../schema/interpret.ts';
import { frameLine } from '../schema/line.ts';
import { PUBLISHED_TOPICS } from '../schema/topics.ts';
import { restField } from './rest.ts';
import type { WireSyntax } from './wire-syntax.ts';

const NO_NOTES: readonly Note[] = [];

/** The message of a frame that a stateless codec has cut; `length` is the frame's. */
export function wireMessage(
  dialect: DialectName,
  code: number,
  commands: Commands,
  syntax: WireSyntax,
  dir: Dir,
  length: number,
  names: TopicLookup = PUBLISHED_TOPICS,
): Message {
  const line =
    syntax.tail.length === 0 && syntax.notes.length === 0 ? frameLine(commands, syntax.command, dir, syntax.items, names) : undefined;
  if (line !== undefined) {
    let made: readonly Field[] | undefined;
    return {
      dialect,
      command: line.command,
      label: line.label,
      type: messageType(code, syntax.command & 0xff),
      dir,
      // Lists need the line of every row, but the fields only of the row that is looked at.
      get fields(): readonly Field[] {
        made ??= interpret(commands, syntax.command, dir, syntax.items, length, names).fields;
        return made;
      },
      notes: NO_NOTES,
      info: line.info,
      contents: line.contents,
      token: line.token,
    };
  }
  const meaning = interpret(commands, syntax.command, dir, syntax.items, length, names);
  const fields = syntax.tail.length === 0 ? meaning.fields : [...meaning.fields, restField(syntax)];
  return {
    dialect,
    command: meaning.command,
    label: meaning.label,
    type: messageType(code, syntax.command & 0xff),
    dir,
    fields,
    notes: [...syntax.notes, ...meaning.notes],
    info: meaning.info,
  };
}
