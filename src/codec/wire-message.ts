import type { TopicLookup } from '../core/dialect.ts';
import { type DialectName, type Field, type Message, messageType } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import type { Dir } from '../core/stream.ts';
import { type Commands, interpret } from '../schema/interpret.ts';
import { type FrameLine, frameLine } from '../schema/line.ts';
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
    const type = messageType(code, syntax.command & 0xff);
    return lineMessage(dialect, type, dir, line, () => interpret(commands, syntax.command, dir, syntax.items, length, names).fields);
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

/** A message from its line; its fields are made when they are asked for: a list shows many rows, and looks into few. */
export function lineMessage(dialect: DialectName, type: number, dir: Dir, line: FrameLine, fields: () => readonly Field[]): Message {
  let made: readonly Field[] | undefined;
  return {
    dialect,
    command: line.command,
    label: line.label,
    type,
    dir,
    get fields(): readonly Field[] {
      made ??= fields();
      return made;
    },
    notes: NO_NOTES,
    info: line.info,
    contents: line.contents,
    token: line.token,
  };
}
