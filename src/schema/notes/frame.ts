import type { NoteDef } from './definition.ts';

/** Notes about how a frame is built: its command, its length, and how its fields tile it. */
export const FRAME_NOTES = {
  'frame.unknown-command': {
    severity: 'note',
    sentence: 'This command is in no public description of the dialect.',
    advice: 'The frame is kept as it is and its fields are shown raw. If you know what it is, its row in the schema is one line.',
  },
  'frame.wrong-direction': {
    severity: 'note',
    sentence: 'This command is known, but from the other side of the connection.',
    advice: 'Check that client and server are the right way round; some commands may be undocumented in this direction.',
  },
  'frame.overrun': {
    severity: 'error',
    sentence: 'A field declares more bytes than its frame holds.',
    advice: 'Apple’s client drops the connection here. The sender is faulty, or the capture lost bytes before this frame.',
  },
  'frame.truncated': {
    severity: 'error',
    sentence: 'The frame ends before the length that it declares.',
    advice: 'The connection or the capture ended inside the frame; what is there is shown.',
  },
  'frame.trailing': {
    severity: 'warn',
    sentence: 'Bytes follow after the last field that could be cut.',
    advice: 'They are kept and shown raw; the receiver’s behaviour is not known.',
  },
  'frame.length-invalid': {
    severity: 'error',
    sentence: 'The frame’s length field cannot be right: its top bit is set, or it is beyond the limit.',
    advice: 'The stream is read again from the next place where frames line up.',
  },
  'frame.layout-ambiguous': {
    severity: 'note',
    sentence: 'The sources describe two layouts for this command.',
    advice: 'The layout that tiles the bytes was taken; the detail says which.',
  },
  'frame.field-limit': {
    severity: 'warn',
    sentence: 'The frame has more fields than are taken apart.',
    advice: 'No known sender comes near the limit; the bytes behind it are shown raw.',
  },
} as const satisfies Record<string, NoteDef>;
