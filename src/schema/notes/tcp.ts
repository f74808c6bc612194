import type { NoteDef } from './definition.ts';

/** Notes about TCP streams. Their ranges are offsets in the bytes of one direction. */
export const TCP_NOTES = {
  'tcp.overlap-conflict': {
    severity: 'warn',
    sentence: 'The same bytes of the stream were captured twice with different content.',
    advice: 'The first ones are shown. A middlebox, a broken sender or a damaged segment did this.',
  },
  'tcp.hole': {
    severity: 'warn',
    sentence: 'Segments of this direction are not in the capture.',
    advice: 'Capture with a larger buffer (tcpdump -B), or closer to the endpoint.',
  },
  'tcp.cut': {
    severity: 'warn',
    sentence: 'The snap length cut bytes of segments.',
    advice: 'Capture whole packets (tcpdump -s 0).',
  },
  'tcp.hold-limit': {
    severity: 'warn',
    sentence: 'More out-of-order data arrived than is kept waiting, so missing bytes before it were given up.',
    advice: 'They are shown as a gap, even if they come later in the file.',
  },
  'tcp.late-segment': {
    severity: 'warn',
    sentence: 'Bytes arrived after their place in the stream had been given up.',
    advice: 'They are not shown. The capture is in a very unusual order: reordercap may help.',
  },
  'tcp.stray-segment': {
    severity: 'note',
    sentence: 'A segment with a sequence number far outside of the window was left out.',
    advice: 'It belongs to another connection with the same ports, or somebody forged it.',
  },
  'tcp.data-after-fin': {
    severity: 'note',
    sentence: 'Data follows after the end of its direction was announced.',
    advice: 'It is kept at the end of the stream.',
  },
  'tcp.data-after-end': {
    severity: 'note',
    sentence: 'Data came long after the connection was over and was left out.',
    advice: 'It is a late repetition, or the start of a new connection with the same ports is not in the capture.',
  },
} as const satisfies Record<string, NoteDef>;
