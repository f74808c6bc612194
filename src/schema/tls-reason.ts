/** Why a TLS stream or record is not decrypted. */
export interface ReasonDef {
  /** Name in JSON and filters. */
  readonly name: string;
  /** What is the matter. */
  readonly text: string;
  /** What the user can do about it. */
  readonly advice: string;
}

/** Codes are stored in the index: append only. */
export const REASON = {
  none: 0,
  noKeys: 1,
  oneDirection: 2,
  noApplicationSecret: 3,
  noHandshakeSecret: 4,
  startsLate: 5,
  unsupportedSuite: 6,
  unknownSuite: 7,
  exportSuite: 8,
  compressed: 9,
  wrongKeys: 10,
  badTag: 11,
  badMac: 12,
  tooShort: 13,
  badPadding: 14,
  tooLong: 15,
  lostSequence: 16,
  hole: 17,
  helloLost: 18,
  rsaKeyMissing: 19,
  forwardSecret: 20,
  earlyDataRejected: 21,
  noEarlySecret: 22,
  ssl2: 23,
  notTls: 24,
  lostChain: 25,
  noPsk: 26,
  handshakeLost: 27,
  truncated: 28,
  waiting: 29,
  secretLength: 30,
} as const;

export const REASONS: Readonly<Record<number, ReasonDef>> = {
  [REASON.none]: { name: 'decrypted', text: 'decrypted', advice: '' },
  [REASON.noKeys]: {
    name: 'no-keys',
    text: 'no keys for this client random',
    advice: 'Give a key log that was written while this connection was made (--keys FILE).',
  },
  [REASON.oneDirection]: {
    name: 'one-direction',
    text: 'the key log has this session, but only the other direction',
    advice: 'Look for the missing traffic secret line, or log keys on the other side too.',
  },
  [REASON.noApplicationSecret]: {
    name: 'no-application-secret',
    text: 'the key log has this session, but only its handshake secrets',
    advice: 'The log was cut off; capture again and let the program end normally.',
  },
  [REASON.noHandshakeSecret]: {
    name: 'no-handshake-secret',
    text: 'the key log has no handshake secret for this direction',
    advice: 'Only the encrypted part of the handshake is concerned.',
  },
  [REASON.startsLate]: {
    name: 'starts-late',
    text: 'the capture starts after the handshake',
    advice:
      'Start the capture before the connection is made. Sessions of TLS 1.3 are found even so when the key log has theirs and few others.',
  },
  [REASON.unsupportedSuite]: {
    name: 'unsupported-suite',
    text: 'the cipher suite is not supported',
    advice: 'Have the server choose another suite if you can.',
  },
  [REASON.unknownSuite]: {
    name: 'unknown-suite',
    text: 'the cipher suite is not known',
    advice: 'Have the server choose another suite if you can.',
  },
  [REASON.exportSuite]: {
    name: 'export-suite',
    text: 'export-grade suites are not supported',
    advice: 'Have the server choose another suite if you can.',
  },
  [REASON.compressed]: {
    name: 'compressed',
    text: 'the records are compressed, which is not supported',
    advice: 'Switch TLS compression off.',
  },
  [REASON.wrongKeys]: {
    name: 'wrong-keys',
    text: 'the keys given for this session do not fit',
    advice: 'The key log names this session with other secrets: is it from the same run?',
  },
  [REASON.badTag]: {
    name: 'bad-tag',
    text: 'the authentication tag is wrong',
    advice: 'The record is corrupt, or the keys are not those of this record.',
  },
  [REASON.badMac]: {
    name: 'bad-mac',
    text: 'the record MAC is wrong',
    advice: 'The record is corrupt, or the keys are not those of this record.',
  },
  [REASON.tooShort]: { name: 'too-short', text: 'the record is too short for its cipher', advice: 'The record is corrupt.' },
  [REASON.badPadding]: {
    name: 'bad-padding',
    text: 'the padding of the record is wrong',
    advice: 'The record is corrupt, or the keys are not those of this record.',
  },
  [REASON.tooLong]: {
    name: 'too-long',
    text: 'the record is longer than the protocol allows',
    advice: 'The record is corrupt, or this is not TLS.',
  },
  [REASON.lostSequence]: {
    name: 'lost-sequence',
    text: 'records were lost before this one and its number could not be found',
    advice: 'The capture lost packets; capture with a larger buffer (tcpdump -B).',
  },
  [REASON.hole]: {
    name: 'hole',
    text: 'the capture lacks a part of this record',
    advice: 'The capture lost packets; capture with a larger buffer (tcpdump -B) and a full snapshot length (-s 0).',
  },
  [REASON.helloLost]: {
    name: 'hello-lost',
    text: 'the Server Hello is not in the capture',
    advice: 'Without it the suite and the server random are unknown.',
  },
  [REASON.rsaKeyMissing]: {
    name: 'no-rsa-key',
    text: 'no key log line and no private key for this session',
    advice: 'Give the key log or the RSA private key of the server (--keys FILE).',
  },
  [REASON.forwardSecret]: {
    name: 'forward-secret',
    text: 'the private key cannot decrypt this session: its key exchange is forward secret',
    advice: 'Only a key log helps with (EC)DHE (--keys FILE).',
  },
  [REASON.earlyDataRejected]: {
    name: 'early-data-rejected',
    text: 'the server rejected this early data',
    advice: 'The client sends it again after the handshake.',
  },
  [REASON.noEarlySecret]: {
    name: 'no-early-secret',
    text: 'the key log has no early traffic secret for this session',
    advice: 'Only the 0-RTT data is concerned.',
  },
  [REASON.ssl2]: { name: 'ssl2', text: 'SSL 2.0 is recognised but not decrypted', advice: 'Use SSL 3.0 or later.' },
  [REASON.notTls]: {
    name: 'not-tls',
    text: 'these bytes are no TLS record',
    advice: 'The stream changed its protocol, or the capture lost packets.',
  },
  [REASON.lostChain]: {
    name: 'lost-chain',
    text: 'the record before this one was lost, and this cipher needs it',
    advice: 'The next record can be decrypted again.',
  },
  [REASON.noPsk]: {
    name: 'no-psk',
    text: 'no key log line and no pre-shared key for this session',
    advice: 'Give the key log or the pre-shared key.',
  },
  [REASON.handshakeLost]: {
    name: 'handshake-lost',
    text: 'a part of the handshake that the keys depend on was lost',
    advice: 'Give a key log with CLIENT_RANDOM lines instead of a private key.',
  },
  [REASON.truncated]: {
    name: 'truncated',
    text: 'the record is cut off: the stream or the capture ends in it',
    advice: 'The rest was not captured.',
  },
  [REASON.waiting]: {
    name: 'waiting',
    text: 'the keys of this session have not been written yet',
    advice: 'It is decrypted as soon as the key log has them.',
  },
  [REASON.secretLength]: {
    name: 'secret-length',
    text: 'the key log line of this session has a secret of the wrong length',
    advice: 'The key log is damaged, or was written for another suite.',
  },
};

/** "no keys for this client random". */
export function reasonText(code: number): string {
  return REASONS[code]?.text ?? `reason ${code}`;
}
