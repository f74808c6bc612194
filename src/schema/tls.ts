/**
 * What the numbers of TLS mean: versions, content and message types, alerts, extensions, groups, signature schemes.
 * Sources: RFC 6101 (SSL 3.0), 2246, 4346, 5246, 8446, 6066, 7685, 8879, 9001 and the IANA registries "TLS Parameters" and "TLS ExtensionType Values".
 */

export const SSL2 = 0x0002;
export const SSL3 = 0x0300;
export const TLS10 = 0x0301;
const TLS11 = 0x0302;
export const TLS12 = 0x0303;
export const TLS13 = 0x0304;

export const VERSIONS: Readonly<Record<number, string>> = {
  [SSL2]: 'SSL 2.0',
  [SSL3]: 'SSL 3.0',
  [TLS10]: 'TLS 1.0',
  [TLS11]: 'TLS 1.1',
  [TLS12]: 'TLS 1.2',
  [TLS13]: 'TLS 1.3',
};

export const CONTENT = { ccs: 20, alert: 21, handshake: 22, data: 23, heartbeat: 24 } as const;

export const CONTENT_TYPES: Readonly<Record<number, string>> = {
  20: 'Change Cipher Spec',
  21: 'Alert',
  22: 'Handshake',
  23: 'Application Data',
  24: 'Heartbeat',
};

export const HANDSHAKE = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  endOfEarlyData: 5,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  certificateStatus: 22,
  keyUpdate: 24,
  compressedCertificate: 25,
  nextProtocol: 67,
  messageHash: 254,
} as const;

export const HANDSHAKE_TYPES: Readonly<Record<number, string>> = {
  0: 'Hello Request',
  1: 'Client Hello',
  2: 'Server Hello',
  3: 'Hello Verify Request',
  4: 'New Session Ticket',
  5: 'End of Early Data',
  6: 'Hello Retry Request',
  8: 'Encrypted Extensions',
  11: 'Certificate',
  12: 'Server Key Exchange',
  13: 'Certificate Request',
  14: 'Server Hello Done',
  15: 'Certificate Verify',
  16: 'Client Key Exchange',
  17: 'Client Certificate Request',
  20: 'Finished',
  21: 'Certificate URL',
  22: 'Certificate Status',
  23: 'Supplemental Data',
  24: 'Key Update',
  25: 'Compressed Certificate',
  67: 'Next Protocol',
  254: 'Message Hash',
};

/** Rows that are not handshake messages; they share the command byte of the index with the handshake types, above them. */
export const TLS_ENTRY = {
  changeCipherSpec: 0x80,
  alert: 0x81,
  heartbeat: 0x82,
  /** Application data that stays encrypted: a run of records. */
  applicationData: 0x83,
  /** Handshake messages or alerts that stay encrypted. */
  encryptedHandshake: 0x84,
  /** A record whose authentication failed. */
  failed: 0x85,
  /** 0-RTT data that the server refused and the client sends again. */
  rejectedEarlyData: 0x86,
  ssl2Hello: 0x87,
  /** Bytes where a record should start and none does. */
  notTls: 0x88,
  /** A record with a hole in it. */
  damaged: 0x89,
  unknownRecord: 0x8a,
} as const;

export interface TlsEntryDef {
  /** Name in filters and JSON. */
  readonly name: string;
  readonly label: string;
  readonly doc: string;
}

export const TLS_ENTRIES: Readonly<Record<number, TlsEntryDef>> = {
  [TLS_ENTRY.changeCipherSpec]: {
    name: 'change-cipher-spec',
    label: 'Change Cipher Spec',
    doc: 'The sender protects what follows with the new keys; in TLS 1.3 a dummy for middleboxes.',
  },
  [TLS_ENTRY.alert]: { name: 'alert', label: 'Alert', doc: 'A closing or an error, in words.' },
  [TLS_ENTRY.heartbeat]: { name: 'heartbeat', label: 'Heartbeat', doc: 'Keep-alive of RFC 6520.' },
  [TLS_ENTRY.applicationData]: {
    name: 'encrypted-data',
    label: 'Encrypted Application Data',
    doc: 'A run of records of one direction that could not be decrypted, with the reason.',
  },
  [TLS_ENTRY.encryptedHandshake]: {
    name: 'encrypted-handshake',
    label: 'Encrypted Handshake',
    doc: 'Handshake messages or alerts that could not be decrypted, with the reason.',
  },
  [TLS_ENTRY.failed]: {
    name: 'failed-record',
    label: 'Failed Record',
    doc: 'A record whose authentication failed: its content is not shown as data.',
  },
  [TLS_ENTRY.rejectedEarlyData]: {
    name: 'rejected-early-data',
    label: 'Rejected Early Data',
    doc: '0-RTT data that the server refused; the client sends it again after the handshake.',
  },
  [TLS_ENTRY.ssl2Hello]: {
    name: 'ssl2-client-hello',
    label: 'Client Hello (SSL 2 format)',
    doc: 'A hello in the format of SSL 2.0, sent by old clients that also offer newer versions.',
  },
  [TLS_ENTRY.notTls]: { name: 'not-tls', label: 'Not a TLS record', doc: 'Bytes between records that no record can start with.' },
  [TLS_ENTRY.damaged]: {
    name: 'damaged-record',
    label: 'Damaged Record',
    doc: 'The capture lacks a part of this record, so it cannot be verified.',
  },
  [TLS_ENTRY.unknownRecord]: { name: 'unknown-record', label: 'Unknown Record', doc: 'A record of a type that is not registered.' },
};

export const ALERT_LEVELS: Readonly<Record<number, string>> = { 1: 'warning', 2: 'fatal' };

/** Name as registered and what it says, in words. */
export const ALERTS: Readonly<Record<number, readonly [name: string, words: string]>> = {
  0: ['close_notify', 'no more data will be sent'],
  1: ['end_of_early_data', 'end of early data (drafts of TLS 1.3)'],
  10: ['unexpected_message', 'a message came that does not belong here'],
  20: ['bad_record_mac', 'a record failed its authentication'],
  21: ['decryption_failed', 'a record could not be decrypted'],
  22: ['record_overflow', 'a record was too long'],
  30: ['decompression_failure', 'a record could not be decompressed'],
  40: ['handshake_failure', 'no common parameters'],
  41: ['no_certificate', 'there is no certificate to send (SSL 3.0)'],
  42: ['bad_certificate', 'the certificate is corrupt or its signature is wrong'],
  43: ['unsupported_certificate', 'the certificate is of a kind that is not supported'],
  44: ['certificate_revoked', 'the certificate was revoked by its signer'],
  45: ['certificate_expired', 'the certificate has expired or is not valid yet'],
  46: ['certificate_unknown', 'the certificate was refused for another reason'],
  47: ['illegal_parameter', 'a field of the handshake is out of range'],
  48: ['unknown_ca', 'the issuer of the certificate is not trusted'],
  49: ['access_denied', 'the certificate is valid but access was denied'],
  50: ['decode_error', 'a message could not be decoded'],
  51: ['decrypt_error', 'a signature or Finished check failed'],
  60: ['export_restriction', 'export rules were not kept'],
  70: ['protocol_version', 'the version is not supported'],
  71: ['insufficient_security', 'the offered suites are too weak'],
  80: ['internal_error', 'an error that has nothing to do with the peer'],
  86: ['inappropriate_fallback', 'the client fell back to an older version without need'],
  90: ['user_canceled', 'the handshake was cancelled'],
  100: ['no_renegotiation', 'renegotiation is refused'],
  109: ['missing_extension', 'a required extension is missing'],
  110: ['unsupported_extension', 'an extension came that was not offered'],
  111: ['certificate_unobtainable', 'the certificate could not be fetched from its address'],
  112: ['unrecognized_name', 'no server of this name is here'],
  113: ['bad_certificate_status_response', 'the OCSP answer is not valid'],
  114: ['bad_certificate_hash_value', 'the certificate does not match its hash'],
  115: ['unknown_psk_identity', 'the pre-shared key is not known'],
  116: ['certificate_required', 'a client certificate is required'],
  120: ['no_application_protocol', 'none of the offered protocols (ALPN) is spoken here'],
  121: ['ech_required', 'encrypted client hello is required'],
};

export const EXTENSION = {
  serverName: 0,
  maxFragmentLength: 1,
  statusRequest: 5,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  compressCertificate: 27,
  recordSizeLimit: 28,
  sessionTicket: 35,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  cookie: 44,
  pskModes: 45,
  certificateAuthorities: 47,
  signatureAlgorithmsCert: 50,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

export const EXTENSIONS: Readonly<Record<number, string>> = {
  0: 'server_name',
  1: 'max_fragment_length',
  2: 'client_certificate_url',
  3: 'trusted_ca_keys',
  4: 'truncated_hmac',
  5: 'status_request',
  6: 'user_mapping',
  7: 'client_authz',
  8: 'server_authz',
  9: 'cert_type',
  10: 'supported_groups',
  11: 'ec_point_formats',
  12: 'srp',
  13: 'signature_algorithms',
  14: 'use_srtp',
  15: 'heartbeat',
  16: 'application_layer_protocol_negotiation',
  17: 'status_request_v2',
  18: 'signed_certificate_timestamp',
  19: 'client_certificate_type',
  20: 'server_certificate_type',
  21: 'padding',
  22: 'encrypt_then_mac',
  23: 'extended_master_secret',
  24: 'token_binding',
  25: 'cached_info',
  27: 'compress_certificate',
  28: 'record_size_limit',
  34: 'delegated_credentials',
  35: 'session_ticket',
  41: 'pre_shared_key',
  42: 'early_data',
  43: 'supported_versions',
  44: 'cookie',
  45: 'psk_key_exchange_modes',
  47: 'certificate_authorities',
  48: 'oid_filters',
  49: 'post_handshake_auth',
  50: 'signature_algorithms_cert',
  51: 'key_share',
  52: 'transparency_info',
  54: 'connection_id',
  57: 'quic_transport_parameters',
  58: 'ticket_request',
  59: 'dnssec_chain',
  13172: 'next_protocol_negotiation',
  17513: 'application_settings (draft)',
  17613: 'application_settings',
  30032: 'channel_id',
  64768: 'ech_outer_extensions',
  65037: 'encrypted_client_hello',
  65281: 'renegotiation_info',
};

export const GROUPS: Readonly<Record<number, string>> = {
  1: 'sect163k1',
  3: 'sect163r2',
  6: 'sect233k1',
  7: 'sect233r1',
  9: 'sect283k1',
  10: 'sect283r1',
  11: 'sect409k1',
  12: 'sect409r1',
  13: 'sect571k1',
  14: 'sect571r1',
  16: 'secp160r1',
  19: 'secp192r1',
  21: 'secp224r1',
  22: 'secp256k1',
  23: 'secp256r1',
  24: 'secp384r1',
  25: 'secp521r1',
  26: 'brainpoolP256r1',
  27: 'brainpoolP384r1',
  28: 'brainpoolP512r1',
  29: 'x25519',
  30: 'x448',
  41: 'curveSM2',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  259: 'ffdhe6144',
  260: 'ffdhe8192',
  512: 'MLKEM512',
  513: 'MLKEM768',
  514: 'MLKEM1024',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
  25497: 'X25519Kyber768Draft00',
  65281: 'arbitrary_explicit_prime_curves',
  65282: 'arbitrary_explicit_char2_curves',
};

export const SIGNATURE_SCHEMES: Readonly<Record<number, string>> = {
  257: 'rsa_pkcs1_md5',
  513: 'rsa_pkcs1_sha1',
  514: 'dsa_sha1',
  515: 'ecdsa_sha1',
  769: 'rsa_pkcs1_sha224',
  770: 'dsa_sha224',
  771: 'ecdsa_sha224',
  1025: 'rsa_pkcs1_sha256',
  1026: 'dsa_sha256',
  1027: 'ecdsa_secp256r1_sha256',
  1281: 'rsa_pkcs1_sha384',
  1282: 'dsa_sha384',
  1283: 'ecdsa_secp384r1_sha384',
  1537: 'rsa_pkcs1_sha512',
  1538: 'dsa_sha512',
  1539: 'ecdsa_secp521r1_sha512',
  1800: 'sm2sig_sm3',
  2052: 'rsa_pss_rsae_sha256',
  2053: 'rsa_pss_rsae_sha384',
  2054: 'rsa_pss_rsae_sha512',
  2055: 'ed25519',
  2056: 'ed448',
  2057: 'rsa_pss_pss_sha256',
  2058: 'rsa_pss_pss_sha384',
  2059: 'rsa_pss_pss_sha512',
  2074: 'ecdsa_brainpoolP256r1tls13_sha256',
  2075: 'ecdsa_brainpoolP384r1tls13_sha384',
  2076: 'ecdsa_brainpoolP512r1tls13_sha512',
  2308: 'mldsa44',
  2309: 'mldsa65',
  2310: 'mldsa87',
};

/** GREASE values (RFC 8701): 0x0a0a, 0x1a1a … 0xfafa. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** "TLS 1.2 (0x0303)" in full, or the number alone when nobody uses it. */
export function versionName(version: number): string {
  const hex = `0x${version.toString(16).padStart(4, '0')}`;
  if (isGrease(version)) return `GREASE (${hex})`;
  if (version >> 8 === 0x7f) return `TLS 1.3 draft ${version & 0xff} (${hex})`;
  const known = VERSIONS[version];
  return known === undefined ? `unknown version ${hex}` : `${known} (${hex})`;
}
