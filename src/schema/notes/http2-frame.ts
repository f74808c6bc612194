import type { NoteDef } from './definition.ts';

/** Notes about HTTP/2 frames, header compression and the state of the connection. */
export const HTTP2_FRAME_NOTES = {
  'http2.frame-size': {
    severity: 'error',
    sentence: 'The frame has a length that its type may not have.',
    advice: 'The receiver ends the connection with FRAME_SIZE_ERROR.',
  },
  'http2.frame-over-limit': {
    severity: 'error',
    sentence: 'The frame is longer than the receiver announced to take.',
    advice: 'The receiver ends the connection with FRAME_SIZE_ERROR.',
  },
  'http2.frame-stream': {
    severity: 'error',
    sentence: 'This type of frame may not have this stream id.',
    advice: 'The receiver ends the connection with PROTOCOL_ERROR.',
  },
  'http2.flags-unknown': {
    severity: 'info',
    sentence: 'Flags are set that the frame type does not define.',
    advice: 'Receivers ignore them.',
  },
  'http2.reserved-bit': { severity: 'info', sentence: 'The reserved bit before the stream id is set.', advice: 'Receivers ignore it.' },
  'http2.unknown-frame': {
    severity: 'note',
    sentence: 'A frame of a type that is not known.',
    advice: 'Receivers ignore it; its payload is shown raw.',
  },
  'http2.padding-length': {
    severity: 'error',
    sentence: 'The padding is longer than the frame.',
    advice: 'The receiver ends the connection with PROTOCOL_ERROR.',
  },
  'http2.padding-content': { severity: 'note', sentence: 'The padding is not zero.', advice: 'It must be; something may be hidden in it.' },
  'http2.truncated': { severity: 'error', sentence: 'The row ends inside a frame.', advice: 'What is there is shown.' },
  'http2.continuation-expected': {
    severity: 'error',
    sentence: 'A header block was not finished when this frame came.',
    advice: 'The receiver ends the connection. The header table is unknown from here on.',
  },
  'http2.continuation-unexpected': {
    severity: 'error',
    sentence: 'A CONTINUATION without a header block before it.',
    advice: 'The sender is faulty, or the frame before was not captured. The header table is unknown from here on.',
  },
  'http2.header-block-long': {
    severity: 'error',
    sentence: 'A header block goes on without end.',
    advice: 'It was given up; APNs takes 8,000 bytes of headers. This is an attack or a faulty sender.',
  },
  'http2.header-list-large': {
    severity: 'error',
    sentence: 'The headers expand to more than is followed.',
    advice: 'This is an attack on header compression or a faulty sender; what is beyond is not shown.',
  },
  'http2.header-block-broken': {
    severity: 'error',
    sentence: 'The header block cannot be read to its end.',
    advice: 'The receiver ends the connection with COMPRESSION_ERROR. The header table is unknown from here on.',
  },
  'http2.header-index': {
    severity: 'error',
    sentence: 'A header refers to a table entry that does not exist.',
    advice: 'The receiver ends the connection with COMPRESSION_ERROR.',
  },
  'http2.header-huffman': {
    severity: 'error',
    sentence: 'A string is not valid Huffman code.',
    advice: 'The receiver ends the connection with COMPRESSION_ERROR.',
  },
  'http2.header-unresolved': {
    severity: 'note',
    sentence: 'A header refers to a table entry that was sent before the captured part.',
    advice: 'Capture from the start of the connection to see it. Headers sent since are known.',
  },
  'http2.header-table-size': {
    severity: 'error',
    sentence: 'The sender uses a larger header table than the receiver allowed.',
    advice: 'The receiver ends the connection with COMPRESSION_ERROR.',
  },
  'http2.headers-missing': {
    severity: 'note',
    sentence: 'The HEADERS of this message are not in the row.',
    advice: 'They were not captured, or the message was too long for one row.',
  },
  'http2.incomplete': {
    severity: 'note',
    sentence: 'The message does not end in this row.',
    advice: 'It was cut by the end of the capture or a loss, or goes on in further rows.',
  },
  'http2.body-cut': {
    severity: 'warn',
    sentence: 'The message is too long for one row.',
    advice: 'Its further DATA frames are rows of their own.',
  },
  'http2.flow-control': {
    severity: 'error',
    sentence: 'More DATA was sent than the window of the stream or of the connection allowed.',
    advice: 'The receiver answers with FLOW_CONTROL_ERROR.',
  },
  'http2.reset': { severity: 'note', sentence: 'The stream was reset.', advice: 'The error code says why.' },
  'http2.goaway': {
    severity: 'note',
    sentence: 'The sender will end the connection.',
    advice: 'Streams above the last stream id were not processed and can be sent again on a new connection.',
  },
  'http2.reset-error': {
    severity: 'warn',
    sentence: 'The stream was reset because of an error.',
    advice: 'The error code says why. REFUSED_STREAM: nothing was done, the request can be sent again.',
  },
  'http2.goaway-error': {
    severity: 'warn',
    sentence: 'The connection is being ended for a reason.',
    advice: 'Streams above the last stream id were not processed and can be sent again on a new connection once the reason is dealt with.',
  },
  'http2.setting-value': {
    severity: 'error',
    sentence: 'A setting has a value that is not allowed.',
    advice: 'The receiver ends the connection.',
  },
  'http2.setting-unknown': { severity: 'info', sentence: 'A setting that is not known.', advice: 'Receivers ignore it.' },
  'http2.single-stream': {
    severity: 'info',
    sentence: 'The server allows one request at a time.',
    advice: 'APNs does so until the first valid provider token, and again after a rejected push.',
  },
  'http2.window-zero': { severity: 'error', sentence: 'A WINDOW_UPDATE of 0 bytes.', advice: 'The receiver answers with PROTOCOL_ERROR.' },
  'http2.push-promise': {
    severity: 'warn',
    sentence: 'The server promises a response that nobody asked for.',
    advice: 'APNs never does; clients refuse it.',
  },
  'http2.self-dependency': {
    severity: 'note',
    sentence: 'A stream is said to depend on itself.',
    advice: 'The receiver resets the stream.',
  },
} as const satisfies Record<string, NoteDef>;
