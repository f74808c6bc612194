import type { Field } from '../core/message.ts';
import { hexText } from '../schema/values.ts';
import type { WireSyntax } from './wire-syntax.ts';

/** What could not be cut, as a field of its own: nothing of a frame is left out of sight. */
export function restField(syntax: WireSyntax): Field {
  return {
    name: 'rest',
    label: 'Unparsed bytes',
    value: syntax.tail,
    text: hexText(syntax.tail),
    at: syntax.rest,
    filter: 'apns.rest',
    note: 'warn',
  };
}
