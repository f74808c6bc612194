import type { NoteDef } from './definition.ts';

export const TLS_NOTES = {
  'tls.malformed': {
    severity: 'error',
    sentence: 'A TLS message ends before its content does, or its lengths do not add up.',
    advice: 'What can be read is shown; the rest is raw bytes.',
  },
  'tls.trailing': {
    severity: 'warn',
    sentence: 'Bytes follow behind the content of a TLS message.',
    advice: 'They are kept as they are.',
  },
  'tls.not-decrypted': {
    severity: 'note',
    sentence: 'These records stay encrypted.',
    advice: 'The detail says why; docs/keys.md says how to get keys.',
  },
  'tls.bad-record': {
    severity: 'error',
    sentence: 'A record failed its authentication, so its content is not shown as data.',
    advice: 'The record is corrupt, or the keys are not those of this record.',
  },
  'tls.damaged': {
    severity: 'warn',
    sentence: 'The capture lacks a part of this record, so it can be neither verified nor decrypted.',
    advice: 'Capture with a larger buffer and the full snapshot length.',
  },
  'tls.not-a-record': {
    severity: 'warn',
    sentence: 'Bytes stand where a TLS record should start.',
    advice: 'The stream changed its protocol, or packets are missing.',
  },
  'tls.early-data-rejected': {
    severity: 'note',
    sentence: 'The server rejected this early data.',
    advice: 'The client sends it again after the handshake, so it is not counted as a message.',
  },
  'tls.fatal-alert': {
    severity: 'warn',
    sentence: 'A side ends the connection with an error.',
    advice: 'The alert says what it did not accept.',
  },
  'tls.old-version': {
    severity: 'note',
    sentence: 'The version is obsolete.',
    advice: 'Apple has spoken TLS 1.2 or later since 2019.',
  },
  'tls.weak-suite': {
    severity: 'note',
    sentence: 'The cipher suite is weak.',
    advice: 'NULL, RC4, DES and export-grade suites protect nothing today.',
  },
  'tls.bad-certificate': {
    severity: 'warn',
    sentence: 'A certificate cannot be read.',
    advice: 'Its bytes are kept; they are no X.509 certificate in DER.',
  },
  'tls.large': {
    severity: 'warn',
    sentence: 'Compressed content expands beyond the limit or not at all, and stays closed.',
    advice: 'A certificate chain has some kilobytes; this is not one.',
  },
} as const satisfies Record<string, NoteDef>;
