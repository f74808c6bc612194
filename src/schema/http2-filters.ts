// biome-ignore-all format: one row a line
import type { FieldDoc } from './field-doc.ts';
import { FRAME_TYPES, SETTINGS } from './http2.ts';
import { HEADERS, PUSH_TYPES } from './http2-headers.ts';

const RFC = 'RFC 9113';

const row = (filter: string, label: string, type: string, doc: string, source: string, more: Partial<FieldDoc> = {}): FieldDoc => ({ filter, label, type, doc, source, confidence: 'A', dialects: ['http2'], ...more });

const typeNames = Object.fromEntries(FRAME_TYPES.map((type) => [type.code, type.name]));
const pushTypes = PUSH_TYPES.map((type) => type.name).join(', ');

/** Fields of HTTP/2 rows beside their headers. Names that Wireshark has for the same thing are Wireshark's. */
const FIXED: readonly FieldDoc[] = [
  row('http2.type', 'Type', 'u8', 'Type of a frame.', `${RFC}, 4.1`, { names: typeNames }),
  row('http2.streamid', 'Stream', 'u31', 'Stream of a frame; 0 is the connection.', `${RFC}, 4.1`),
  row('http2.length', 'Length', 'u24 bytes', 'Length of a frame’s payload.', `${RFC}, 4.1`, { unit: 'bytes' }),
  row('http2.flags', 'Flags', 'u8', 'Flags of a frame.', `${RFC}, 4.1`),
  row('http2.frames', 'Frames', 'tree', 'The frames that a message is made of.', `${RFC}, 4`),
  row('http2.padding', 'Pad length', 'u8 bytes', 'Padding of a frame.', `${RFC}, 6.1`, { unit: 'bytes' }),
  row('http2.preface', 'Preface', 'text', 'The 24 bytes with which a client begins.', `${RFC}, 3.4`),
  row('http2.data', 'Data', 'bytes', 'Payload of a frame that belongs to no message.', `${RFC}, 6.1`),
  row('http2.body', 'Body', 'bytes or tree', 'Content of a request or answer that is no notification.', `${RFC}, 8.1`, { privacy: 'content' }),
  row('http2.headers', 'Headers', 'tree', 'All headers of a message, with how each was written.', `${RFC}, 8.2`),
  row('http2.header.form', 'Written as', 'text', 'How HPACK wrote a header: from a table, literal, never to be indexed.', 'RFC 7541, 6'),
  row('http2.header_table_size', 'Header table size', 'number', 'Size update at the start of a header block.', 'RFC 7541, 6.3', { unit: 'bytes' }),
  row('http2.error', 'Error', 'u32', 'Error code of RST_STREAM or GOAWAY.', `${RFC}, 7`),
  row('http2.window_increment', 'Increment', 'u31 bytes', 'What WINDOW_UPDATE adds.', `${RFC}, 6.9`, { unit: 'bytes' }),
  row('http2.settings.ack', 'Acknowledgement', 'boolean', 'Whether a SETTINGS frame acknowledges.', `${RFC}, 6.5`),
  row('http2.ping.ack', 'Answer', 'boolean', 'Whether a PING frame answers.', `${RFC}, 6.7`),
  row('http2.ping.data', 'Ping data', '8 bytes', 'What an answer gives back.', `${RFC}, 6.7`),
  row('http2.goaway.last_stream', 'Last stream', 'u31', 'The last stream that the sender has handled.', `${RFC}, 6.8`),
  row('http2.goaway.debug', 'Debug data', 'bytes', 'Apple sends JSON with the reason.', `${RFC}, 6.8; Apple`),
  row('http2.priority.exclusive', 'Exclusive', 'boolean', 'Deprecated priority signal.', 'RFC 7540, 6.3'),
  row('http2.priority.dependency', 'Dependency', 'u31', 'Deprecated priority signal.', 'RFC 7540, 6.3'),
  row('http2.priority.weight', 'Weight', 'number', 'Deprecated priority signal, 1 to 256.', 'RFC 7540, 6.3'),
  row('http2.promised_streamid', 'Promised stream', 'u31', 'Stream that PUSH_PROMISE reserves; clients of APNs refuse it.', `${RFC}, 6.6`),
  row('apns.bundle', 'Bundle id', 'text', 'App of a broadcast or of a channel request, from its path.', 'Apple'),
  row('apns.reason', 'Reason', 'text', 'Why APNs refused, from the body of the answer or of GOAWAY; explained by the explain command.', 'Apple'),
  row('apns.retry', 'Retry', 'text', 'Whether sending again can help: never, corrected, later, reconnect.', 'Apple; reading'),
  row('apns.inactive_since', 'Inactive since', 'time, ms', 'With status 410: when the token stopped working.', 'Apple', { unit: 'ms' }),
  row('apns.jwt', 'Provider token', 'tree', 'Header and claims of the provider token.', 'Apple; RFC 7519', { privacy: 'credential' }),
  row('apns.jwt.alg', 'Algorithm', 'text', 'Must be ES256.', 'Apple; RFC 7518'),
  row('apns.jwt.kid', 'Key id', 'text', 'Ten characters that name the signing key.', 'Apple', { privacy: 'identity' }),
  row('apns.jwt.iss', 'Team id', 'text', 'Ten characters that name the developer’s team.', 'Apple', { privacy: 'identity' }),
  row('apns.jwt.iat', 'Issued at', 'time, s', 'When the token was made; APNs refuses it after an hour.', 'Apple', { unit: 's' }),
  row('apns.jwt.signature', 'Signature', 'bytes', 'Shown only with --show-secrets.', 'RFC 7515', { privacy: 'credential' }),
  row('apns.jwt.compact', 'Compact form', 'text', 'The provider token as it was sent. Shown only with --show-secrets.', 'RFC 7515, 3.1', { privacy: 'credential' }),
];

const settings: readonly FieldDoc[] = SETTINGS.map((setting) => row(`http2.settings.${setting.key}`, setting.name, 'u32', setting.doc, `${RFC}, 6.5.2`));

/** Every header by its own name and, where it has one, by the shared or short name. */
const headers: readonly FieldDoc[] = HEADERS.flatMap((header) => {
  const doc = header.type === 'push-type' ? `${header.doc} Values: ${pushTypes}.` : header.doc;
  const more: Partial<FieldDoc> = header.privacy === undefined ? {} : { privacy: header.privacy };
  const own = row(`http2.header.${header.name.replace(/^:/, '')}`, header.label, header.type, doc, header.source, header.alias === undefined ? more : { ...more, alias: header.alias });
  return header.alias === undefined ? [own] : [row(header.alias, header.label, header.type, doc, header.source, more), own];
});

/** Filter names of the HTTP/2 provider API. */
export const HTTP2_FILTERS: readonly FieldDoc[] = [...FIXED, ...settings, ...headers];
