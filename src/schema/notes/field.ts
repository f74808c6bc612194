import type { NoteDef } from './definition.ts';

/** Notes about one field: its width, its value, and whether it belongs there. */
export const FIELD_NOTES = {
  'field.width': {
    severity: 'warn',
    sentence: 'The field has another width than its type says.',
    advice: 'The bytes are shown raw; Apple’s client would ignore or refuse the field.',
  },
  'field.range': {
    severity: 'warn',
    sentence: 'The number does not fit the width that this field has in the other encoding.',
    advice: 'It cannot be sent over the unpacked protocol as it is.',
  },
  'field.type': {
    severity: 'warn',
    sentence: 'The field carries another type of value than it should.',
    advice: 'The value is shown as it was sent.',
  },
  'field.unknown': {
    severity: 'note',
    sentence: 'This field is in no public description of the command.',
    advice: 'Its bytes are shown raw and survive replay.',
  },
  'field.other-direction': {
    severity: 'note',
    sentence: 'This field is only known from the other side of the connection.',
    advice: 'It is read as it is there; check that client and server are the right way round.',
  },
  'field.unknown-value': {
    severity: 'info',
    sentence: 'The value has no published name.',
    advice: 'The number is shown; the names that are known are in the field reference.',
  },
  'field.repeated': {
    severity: 'warn',
    sentence: 'A field that should stand once stands again.',
    advice: 'Which of the two a receiver takes is not documented; both are shown.',
  },
  'field.missing': {
    severity: 'warn',
    sentence: 'A field that this command cannot do without is missing.',
    advice: 'The receiver is expected to refuse the message.',
  },
  'field.padding-not-zero': {
    severity: 'warn',
    sentence: 'Padding should be zero bytes and is not.',
    advice: 'Either the sender leaks memory or something is hidden in the padding.',
  },
  'field.padding-length': {
    severity: 'info',
    sentence: 'The number in the flush is not the length of the padding that it carries.',
    advice: 'Whether the number is this padding’s length or the length asked for in the answer is not settled; compare with the answer.',
  },
  'field.not-text': {
    severity: 'warn',
    sentence: 'The field should be text and is not valid UTF-8 or not printable.',
    advice: 'The bytes are shown as hex.',
  },
  'field.nonce-format': {
    severity: 'note',
    sentence: 'The nonce does not begin with the version byte 0 of the push service.',
    advice: 'A first byte of 1 is the form for the identity service; the server would refuse it here.',
  },
  'field.signature-format': {
    severity: 'note',
    sentence: 'The signature does not begin with 01 01 (RSA with SHA-1).',
    advice: 'Another signature scheme than the published one, or damaged.',
  },
  'field.unresolved': {
    severity: 'warn',
    sentence: 'The value is a reference to a table entry that the capture does not hold.',
    advice: 'The capture starts after the value was sent, or lost it. Start the capture before the connection.',
  },
} as const satisfies Record<string, NoteDef>;
