import type { NoteDef } from './definition.ts';

/** Notes about the capture itself: what it does not hold, and what of it could not be read. */
export const CAPTURE_NOTES = {
  'capture.gap': {
    severity: 'warn',
    sentence: 'Bytes of this direction are missing in the capture.',
    advice: 'Nothing is put in their place; capture closer to the endpoint, or with a larger buffer and snap length.',
  },
  'capture.hole': {
    severity: 'warn',
    sentence: 'A part of this message is missing in the capture; its length is known from the bytes around it.',
    advice: 'Fields that touch the hole are not shown; capture with a larger snap length.',
  },
  'capture.truncated-message': {
    severity: 'warn',
    sentence: 'The message begins here, and its rest is not in the capture.',
    advice: 'The connection or the capture ended, or segments were lost, before the message was complete.',
  },
  'capture.skipped-bytes': {
    severity: 'warn',
    sentence: 'After a hole, these bytes could not be assigned to a message.',
    advice: 'Framing resumes where the evidence of a message start is good enough.',
  },
  'capture.broken-bytes': {
    severity: 'error',
    sentence: 'These bytes cannot begin a message of this dialect.',
    advice: 'The sender broke the protocol, or another protocol is spoken here: choose it with --decode-as.',
  },
} as const satisfies Record<string, NoteDef>;
