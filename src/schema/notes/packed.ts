import type { NoteDef } from './definition.ts';

/**
 * Notes about `apns-pack-v1`. The numbers are the error numbers of Apple's own decoder, which ends the connection on each of them.
 * Its numbers 6 (internal), 8 (a key that cannot be indexed) and 12 have no form on the wire that the others do not cover.
 */
export const PACKED_NOTES = {
  'packed.key-invalid': {
    severity: 'error',
    sentence: 'The attribute key is longer than 64 bytes, not text, or, directly in a frame, not exactly one byte (error 1).',
    advice: 'Apple’s decoder ends the connection here; the attribute is shown under the key as it was sent.',
  },
  'packed.value-invalid': {
    severity: 'error',
    sentence: 'The value is not what its type says: text that is not UTF-8, or a number without end (error 2).',
    advice: 'Apple’s decoder ends the connection here; the bytes are shown raw.',
  },
  'packed.depth': {
    severity: 'error',
    sentence: 'Dictionaries and arrays are nested deeper than the protocol allows (error 3).',
    advice: 'Apple’s decoder ends the connection here; nesting is followed a little further, then the rest is shown raw.',
  },
  'packed.frame-too-large': {
    severity: 'error',
    sentence: 'The frame holds more bytes than a receiver accepts (error 4).',
    advice: 'The limit is 65,536 bytes of attributes; older senders went up to 131,072.',
  },
  'packed.attribute-too-large': {
    severity: 'error',
    sentence: 'A data or text value has 65,536 bytes or more (error 5).',
    advice: 'Apple’s decoder ends the connection here; the value is shown.',
  },
  'packed.container-too-large': {
    severity: 'error',
    sentence: 'A dictionary or array declares more than 1,024 items.',
    advice: 'Apple’s decoder ends the connection here; the items that are there are shown.',
  },
  'packed.key-not-found': {
    severity: 'error',
    sentence: 'The key reference points at no entry of the key table (error 7).',
    advice: 'The sender’s table is not the one that its bytes built: the sender is faulty. The value is shown without its key.',
  },
  'packed.value-index-invalid': {
    severity: 'error',
    sentence: 'The index into the value table is not a readable number (error 9).',
    advice: 'Apple’s decoder ends the connection here.',
  },
  'packed.value-not-found': {
    severity: 'error',
    sentence: 'The value reference points at no entry of the value table (error 10).',
    advice: 'The sender’s table is not the one that its bytes built: often a value that is too large for the table was counted as stored.',
  },
  'packed.value-not-indexed': {
    severity: 'error',
    sentence: 'The value is marked to be stored and is larger than the whole value table (error 11).',
    advice: 'It is not stored. A sender that counts it as stored disagrees with its peer on all later references.',
  },
  'packed.reserved': {
    severity: 'error',
    sentence: 'A byte stands where only reserved encodings would put it (error 13).',
    advice: 'What follows in this frame cannot be read; the tables are unknown from here on.',
  },
  'packed.truncated': {
    severity: 'error',
    sentence: 'A key or value runs past the end of its frame (error 14).',
    advice: 'What follows in this frame cannot be read; the tables are unknown from here on.',
  },
  'packed.frame-invalid': {
    severity: 'error',
    sentence: 'The bytes are no frame: a command below 07, or a length that cannot be read (error 15).',
    advice: 'The stream is read again from the next place where frames line up.',
  },
  'packed.key-lost': {
    severity: 'note',
    sentence: 'The key is a reference to an entry that was sent before the capture began or while bytes were lost.',
    advice: 'Start the capture before the connection; keys that are sent again become known again.',
  },
  'packed.value-lost': {
    severity: 'note',
    sentence: 'The value is a reference to an entry that was sent before the capture began or while bytes were lost.',
    advice: 'Start the capture before the connection; values that are sent again become known again.',
  },
  'packed.references-cut': {
    severity: 'warn',
    sentence: 'The references of this frame stand for more than 131,072 bytes.',
    advice: 'No receiver takes such a frame. The references beyond that are not followed.',
  },
  'packed.indexed-container': {
    severity: 'note',
    sentence: 'A dictionary or array is marked to be stored in the value table.',
    advice: 'Apple’s encoder stores only plain values. References inside it cannot be followed when it is used again.',
  },
} as const satisfies Record<string, NoteDef>;
