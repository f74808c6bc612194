import type { NoteDef } from './definition.ts';

/** Notes about inputs that are no packet captures, and about the wrapping of inputs: pipes, compression, growing files. */
export const FORMAT_NOTES = {
  'format.truncated': {
    severity: 'warn',
    sentence: 'The input ends in the middle of a record.',
    advice: 'Everything before it was read. The program that wrote it was probably stopped; stop it with Ctrl-C and wait for it to end.',
  },
  'format.unreadable': {
    severity: 'warn',
    sentence: 'A part of the file is not what its format describes and was left out.',
    advice: 'Messages may be missing at this place. Check whether the output of another program was mixed in.',
  },
  'format.overlong': {
    severity: 'warn',
    sentence: 'A line or record is longer than the limit and was left out.',
    advice: 'No tool writes this on its own; the file is probably damaged.',
  },
  'format.offset-jump': {
    severity: 'warn',
    sentence: 'The stream offsets in the file leave some bytes out.',
    advice: 'The bytes are missing in the file; a gap stands at their place.',
  },
  'format.local-time': {
    severity: 'info',
    sentence: 'The times of this format name no time zone; they are shown as if they were UTC.',
    advice: 'They are local times of the machine that wrote the file.',
  },
  'format.no-frames': {
    severity: 'note',
    sentence: 'The file holds requests that another tool has already taken apart; they are not wire bytes and cannot be shown as frames.',
    advice: 'Record the TCP flows instead (mitmproxy: --rawtcp and --tcp-hosts, or a key log next to a packet capture).',
  },
  'format.direction-lost': {
    severity: 'note',
    sentence: 'The format keeps both directions in one piece; they were told apart by what the bytes say.',
    advice: 'A format that keeps directions and times is safer (sslsplit -X or -L, follow as YAML).',
  },
  'format.no-endpoints': {
    severity: 'warn',
    sentence: 'An exported packet says neither address nor port, so the stream that it belongs to is not known.',
    advice: 'Export the PDUs again with the addresses included.',
  },
  'format.compression-truncated': {
    severity: 'warn',
    sentence: 'The compressed file ends early.',
    advice: 'Everything that could be unpacked was read.',
  },
  'format.compression-corrupt': {
    severity: 'error',
    sentence: 'The compressed file is damaged.',
    advice: 'Everything before the damage was read.',
  },
  'format.expansion-limit': {
    severity: 'error',
    sentence: 'The compressed file expands beyond the limit.',
    advice: 'What was unpacked so far was read. If the file is genuine, unpack it yourself and open the result.',
  },
  'format.compression-trailing': {
    severity: 'note',
    sentence: 'Bytes follow after the end of the compressed data.',
    advice: 'They were left out, as the compressor’s own tool does.',
  },
  'format.file-replaced': {
    severity: 'warn',
    sentence: 'The followed file was cut or replaced by another one.',
    advice: 'Following stopped there. Open the new file to go on.',
  },
} as const satisfies Record<string, NoteDef>;
