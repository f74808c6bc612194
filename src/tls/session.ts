/** What is known of one TLS connection; filled in as the handshake goes by. */
export interface TlsSession {
  readonly stream: number;
  /** Negotiated version, 0 while unknown; for a capture that starts late, the version of the records. */
  version: number;
  /** Suite number; -1 while unknown. */
  suite: number;
  sni: string | undefined;
  /** Protocol chosen by the server, or, before it answered, the one that early data is spoken in. */
  alpn: string | undefined;
  alpnOffered: readonly string[];
  clientRandom: Uint8Array | undefined;
  serverRandom: Uint8Array | undefined;
  sessionId: Uint8Array | undefined;
  resumed: 'id' | 'ticket' | 'psk' | undefined;
  /** Stream on which the resumed session was made, when this run has seen it. */
  origin: number | undefined;
  earlyData: 'offered' | 'accepted' | 'rejected' | undefined;
  retried: boolean;
  clientCertificate: boolean;
  renegotiations: number;
  keyUpdates: number;
  /** Where the keys came from. */
  source: string | undefined;
  /** Names of the secrets that the key logs hold for this session. */
  labels: readonly string[];
  /** By direction: protected records seen, decrypted, and failed authentication. */
  readonly records: [number, number];
  readonly decrypted: [number, number];
  readonly failed: [number, number];
  /** By direction: why it is not decrypted (`REASON`), 0 when it is. */
  readonly reason: [number, number];
}

export function newSession(stream: number): TlsSession {
  return {
    stream,
    version: 0,
    suite: -1,
    sni: undefined,
    alpn: undefined,
    alpnOffered: [],
    clientRandom: undefined,
    serverRandom: undefined,
    sessionId: undefined,
    resumed: undefined,
    origin: undefined,
    earlyData: undefined,
    retried: false,
    clientCertificate: false,
    renegotiations: 0,
    keyUpdates: 0,
    source: undefined,
    labels: [],
    records: [0, 0],
    decrypted: [0, 0],
    failed: [0, 0],
    reason: [0, 0],
  };
}
