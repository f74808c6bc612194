import { ALERT_LEVELS, CONTENT_TYPES, HANDSHAKE_TYPES, VERSIONS } from './tls.ts';

/** A filter field of TLS. Names are Wireshark's where it has one. */
interface TlsField {
  readonly filter: string;
  readonly label: string;
  readonly type: string;
  readonly names?: Readonly<Record<number, string>>;
  readonly doc: string;
}

const row = (filter: string, label: string, type: string, doc: string, names?: Readonly<Record<number, string>>): TlsField => ({
  filter,
  label,
  type,
  doc,
  ...(names === undefined ? {} : { names }),
});

const ROWS: readonly TlsField[] = [
  row('tls.record', 'Record', 'tree', 'A record on the wire.'),
  row(
    'tls.record.content_type',
    'Content Type',
    'u8',
    'What a record carries; protected records of TLS 1.3 all say application data.',
    CONTENT_TYPES,
  ),
  row('tls.record.version', 'Version', 'u16', 'Version in the record header, which is not the negotiated one in TLS 1.3.', VERSIONS),
  row('tls.record.length', 'Length', 'u16', 'Bytes of a record behind its header.'),
  row('tls.app_data', 'Encrypted Application Data', 'bytes', 'Content of a record that stays encrypted.'),
  row('tls.change_cipher_spec', 'Change Cipher Spec Message', 'bytes', 'The one byte of the message.'),
  row('tls.alert_message.level', 'Level', 'u8', 'Warning or fatal; without meaning in TLS 1.3.', ALERT_LEVELS),
  row('tls.alert_message.desc', 'Description', 'u8', 'What the sender did not accept, or close_notify.'),
  row('tls.heartbeat_message', 'Heartbeat', 'bytes', 'Content of a heartbeat.'),
  row('tls.early_data', 'Early Data', 'bytes', '0-RTT data that the server refused.'),
  row('tls.handshake.type', 'Handshake Type', 'u8', 'Kind of a handshake message.', HANDSHAKE_TYPES),
  row('tls.handshake.length', 'Length', 'u24', 'Bytes of a handshake message behind its header.'),
  row(
    'tls.handshake.version',
    'Version',
    'u16',
    'Version in a hello; TLS 1.3 keeps 1.2 here and tells its own in supported_versions.',
    VERSIONS,
  ),
  row('tls.handshake.random', 'Random', 'bytes', "The 32 random bytes of a hello; the client's names the session in a key log."),
  row('tls.handshake.session_id', 'Session ID', 'bytes', 'Session to resume, or a dummy in TLS 1.3.'),
  row('tls.handshake.ciphersuite', 'Cipher Suite', 'u16', 'A suite offered or chosen.'),
  row('tls.handshake.comp_method', 'Compression Method', 'u8', 'Compression offered or chosen.'),
  row('tls.handshake.cipherspec', 'Cipher Spec', 'u24', 'A suite offered in a hello of SSL 2.0 format.'),
  row('tls.handshake.challenge', 'Challenge', 'bytes', 'The random of a hello of SSL 2.0 format.'),
  row('tls.handshake.extension.type', 'Extension Type', 'u16', 'Number of an extension.'),
  row('tls.handshake.extension.len', 'Extension Length', 'u16', 'Bytes of an extension.'),
  row('tls.handshake.extension.data', 'Extension Data', 'bytes', 'Content of an extension that is not taken apart.'),
  row('tls.handshake.extensions_server_name', 'Server Name', 'text', 'Host that the client asks for (SNI).'),
  row(
    'tls.handshake.extensions_alpn_str',
    'ALPN Next Protocol',
    'text',
    'Protocol offered or chosen: h2, apns-security-v3, apns-pack-v1 …',
  ),
  row('tls.handshake.extensions.supported_version', 'Supported Version', 'u16', 'Version offered or chosen.', VERSIONS),
  row('tls.handshake.extensions_supported_group', 'Supported Group', 'u16', 'Curve or group offered.'),
  row('tls.handshake.extensions_ec_point_format', 'EC Point Format', 'u8', 'Point format offered.'),
  row('tls.handshake.extensions_key_share_group', 'Key Share Group', 'u16', 'Group of a key share.'),
  row('tls.handshake.extensions_key_share_selected_group', 'Selected Group', 'u16', 'Group that a HelloRetryRequest asks for.'),
  row('tls.handshake.extensions_key_share_key_exchange', 'Key Exchange', 'bytes', 'Public value of a key share.'),
  row('tls.handshake.extensions.psk.identity.identity', 'PSK Identity', 'bytes', 'Ticket or name of a pre-shared key.'),
  row('tls.handshake.extensions.psk.identity.selected', 'Selected Identity', 'u16', 'Pre-shared key that the server took.'),
  row('tls.handshake.max_fragment_length', 'Maximum Fragment Length', 'u8', 'Limit of the record size that the client asks for.'),
  row('tls.record_size_limit', 'Record Size Limit', 'u16', 'Longest record content that the sender takes.'),
  row('tls.extension.psk_ke_mode', 'PSK Key Exchange Mode', 'u8', 'How a pre-shared key may be used.'),
  row('tls.early_data.max_early_data_size', 'Maximum Early Data Size', 'u32 bytes', 'Early data that a ticket allows.'),
  row('tls.compress_certificate.algorithm', 'Certificate Compression', 'u16', 'Algorithm offered or used for certificates.'),
  row('tls.handshake.sig_hash_alg', 'Signature Algorithm', 'u16', 'Signature scheme offered or used.'),
  row('tls.handshake.sig', 'Signature', 'bytes', 'A signature of the handshake.'),
  row('tls.handshake.certificate', 'Certificate', 'bytes', 'A certificate in DER.'),
  row('tls.handshake.cert_type', 'Certificate Type', 'u8', 'Kind of client certificate that the server takes.'),
  row('tls.handshake.dname', 'Distinguished Name', 'text', 'An authority that the server accepts.'),
  row('tls.handshake.epms', 'Encrypted PreMaster', 'bytes', "The premaster secret under the server's RSA key."),
  row('tls.handshake.server_named_curve', 'Named Curve', 'u16', 'Curve of an ECDHE key exchange.'),
  row('tls.handshake.server_point', 'Server Public Key', 'bytes', 'Public value of the server.'),
  row('tls.handshake.client_point', 'Client Public Key', 'bytes', 'Public value of the client.'),
  row('tls.handshake.verify_data', 'Verify Data', 'bytes', 'Proof that both sides saw the same handshake.'),
  row('tls.handshake.session_ticket', 'Session Ticket', 'bytes', 'A ticket to resume with.'),
  row('tls.handshake.session_ticket_lifetime_hint', 'Session Ticket Lifetime', 'u32 s', 'How long a ticket may be used.'),
  row('tls.handshake.key_update.request_update', 'Key Update Request', 'u8', 'Whether the other side shall update too.'),
  row('x509af.serialNumber', 'Serial Number', 'hex', 'Serial number of a certificate.'),
  row('x509af.issuer', 'Issuer', 'text', 'Who signed a certificate.'),
  row('x509af.subject', 'Subject', 'text', 'Whom a certificate names.'),
  row('x509af.notBefore', 'Not Before', 'time', "Start of a certificate's validity."),
  row('x509af.notAfter', 'Not After', 'time', "End of a certificate's validity."),
  row('x509af.subjectPublicKeyInfo', 'Public Key', 'text', "Kind and size of a certificate's key."),
  row('x509ce.subjectAltName', 'Alternative Names', 'text', 'Further names of a certificate.'),
  row('apns.certificate.extension', 'Apple Push Extension', 'text', "One of Apple's extensions 1.2.840.113635.100.6.3.1 to .6."),
  row('apns.certificate.topic', 'Certificate Topic', 'text', 'A topic that a push certificate may send to.'),
  row('tls.session.version', 'Session Version', 'u16', 'Negotiated version of the connection.', VERSIONS),
  row('tls.session.ciphersuite', 'Session Suite', 'u16', 'Negotiated suite of the connection.'),
  row('tls.undecrypted', 'Not Decrypted', 'text', 'Name of the reason why this row stays encrypted: no-keys, starts-late, bad-tag …'),
];

/** The rows as the field registry takes them. */
export const TLS_FIELDS = ROWS.map((field) => ({
  ...field,
  source: 'TLS',
  confidence: 'A' as const,
  dialects: ['tls' as const],
}));
