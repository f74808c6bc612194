import type { NoteDef } from './definition.ts';

/** Notes about what is inside payloads. */
export const PAYLOAD_NOTES = {
  'payload.json-invalid': {
    severity: 'warn',
    sentence: 'The payload begins as JSON and is not valid JSON.',
    advice: 'Apple’s servers refuse such a push; the detail says where and why. What was read before it is shown.',
  },
  'payload.json-trailing': {
    severity: 'warn',
    sentence: 'Something follows after the JSON value.',
    advice: 'Often two payloads in one, or a terminating zero byte that was counted in the length.',
  },
  'payload.duplicate-key': {
    severity: 'warn',
    sentence: 'A key stands more than once in one object.',
    advice: 'Most readers take the last one, some the first; both are shown.',
  },
  'payload.not-utf8': {
    severity: 'warn',
    sentence: 'Text in the payload is not valid UTF-8.',
    advice: 'The bytes are shown as hex.',
  },
  'payload.depth': {
    severity: 'warn',
    sentence: 'The payload nests deeper than is shown.',
    advice: 'What lies deeper stands as raw text.',
  },
  'payload.too-many-values': {
    severity: 'warn',
    sentence: 'The payload holds more values than are shown.',
    advice: 'The first ones are shown, the rest stands as raw bytes.',
  },
  'payload.plist-invalid': {
    severity: 'warn',
    sentence: 'The binary property list is damaged.',
    advice: 'What could be read is shown; the detail says what is wrong.',
  },
  'payload.plist-loop': {
    severity: 'warn',
    sentence: 'An object of the property list contains itself.',
    advice: 'No sound writer makes such a list; the loop is cut.',
  },
  'payload.inflate-failed': {
    severity: 'note',
    sentence: 'The bytes look like gzip and cannot be unpacked.',
    advice: 'They are damaged, cut off, or larger than the limit of expansion.',
  },
  'payload.protobuf-invalid': {
    severity: 'note',
    sentence: 'The field should hold a protocol buffer and does not parse as one.',
    advice: 'The bytes are shown as they are.',
  },
  'payload.guessed': {
    severity: 'info',
    sentence: 'The format was guessed from the bytes.',
    advice: 'The bytes parse completely in this format, but nothing says that they are meant so.',
  },
} as const satisfies Record<string, NoteDef>;
