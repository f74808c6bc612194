import type { TopicLookup } from '../core/dialect.ts';
import { type DialectName, type Message, messageType } from '../core/message.ts';
import type { Dir } from '../core/stream.ts';
import { type Commands, interpret } from '../schema/interpret.ts';
import { restField } from './rest.ts';
import type { WireSyntax } from './wire-syntax.ts';

/** The message of a frame that a stateless codec has cut; `length` is the frame's. */
export function wireMessage(
  dialect: DialectName,
  code: number,
  commands: Commands,
  syntax: WireSyntax,
  dir: Dir,
  length: number,
  names: TopicLookup | undefined,
): Message {
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
