// biome-ignore-all format: one row a line
import { DIALECT, messageType } from '../core/message.ts';

/** What a row of the HTTP/2 dialect is: the command byte of its message type. */
export interface Http2RowDef {
  readonly code: number;
  readonly name: string;
  readonly label: string;
  readonly doc: string;
}

/** Rows of a control frame have code CONTROL_ROW + frame type. */
export const CONTROL_ROW = 16;

/** The rows that stand for messages. Control frames follow from FRAME_TYPES. */
export const HTTP2_ROWS = {
  push: { code: 1, name: 'push', label: 'Push', doc: 'A request that sends one notification to one device: POST /3/device/<token>.' },
  broadcast: { code: 2, name: 'broadcast', label: 'Broadcast', doc: 'A request that sends one notification to a channel: POST /4/broadcasts/apps/<bundle>.' },
  channelCreate: { code: 3, name: 'channel-create', label: 'Channel create', doc: 'A request for a new broadcast channel: POST /1/apps/<bundle>/channels.' },
  channelRead: { code: 4, name: 'channel-read', label: 'Channel read', doc: 'A request for the settings of a channel: GET /1/apps/<bundle>/channels.' },
  channelDelete: { code: 5, name: 'channel-delete', label: 'Channel delete', doc: 'A request to remove a channel: DELETE /1/apps/<bundle>/channels.' },
  channelList: { code: 6, name: 'channel-list', label: 'Channel list', doc: 'A request for all channels of an app: GET /1/apps/<bundle>/all-channels.' },
  request: { code: 7, name: 'request', label: 'Request', doc: 'Any other request, or one whose path is not known.' },
  response: { code: 8, name: 'response', label: 'Response', doc: 'The answer to a request, with its interim answers and trailers.' },
  preface: { code: 9, name: 'preface', label: 'Connection preface', doc: 'The 24 bytes with which an HTTP/2 client begins.' },
} as const satisfies Record<string, Http2RowDef>;

/** Message type of a row code. */
export function http2Type(code: number): number {
  return messageType(DIALECT.http2, code);
}

export interface FrameTypeDef {
  readonly code: number;
  /** The specification's name. */
  readonly name: string;
  /** Bits of the flags byte. */
  readonly flags: Readonly<Record<string, number>>;
  /** On stream 0 only, on a stream only, or both. */
  readonly stream: 'connection' | 'stream' | 'any';
  /** Payload length: exactly, at least, or a multiple of. */
  readonly size: { readonly exactly?: number; readonly atLeast?: number; readonly multipleOf?: number };
  readonly doc: string;
  readonly source: string;
}

/** Bits that several frame types share. */
export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FRAME_TYPES: readonly FrameTypeDef[] = [
  { code: 0, name: 'DATA', flags: { END_STREAM: 0x1, PADDED: 0x8 }, stream: 'stream', size: {}, doc: 'Body of a request or response.', source: 'RFC 9113, 6.1' },
  { code: 1, name: 'HEADERS', flags: { END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 }, stream: 'stream', size: {}, doc: 'Opens a stream or answers on it; carries a header block.', source: 'RFC 9113, 6.2' },
  { code: 2, name: 'PRIORITY', flags: {}, stream: 'stream', size: { exactly: 5 }, doc: 'Deprecated advice about the order of streams. APNs ignores it.', source: 'RFC 9113, 6.3' },
  { code: 3, name: 'RST_STREAM', flags: {}, stream: 'stream', size: { exactly: 4 }, doc: 'Ends one stream at once.', source: 'RFC 9113, 6.4' },
  { code: 4, name: 'SETTINGS', flags: { ACK: 0x1 }, stream: 'connection', size: { multipleOf: 6 }, doc: 'How the sender wants to be talked to, or the receipt for that.', source: 'RFC 9113, 6.5' },
  { code: 5, name: 'PUSH_PROMISE', flags: { END_HEADERS: 0x4, PADDED: 0x8 }, stream: 'stream', size: { atLeast: 4 }, doc: 'A server announces a response nobody asked for. APNs never does.', source: 'RFC 9113, 6.6' },
  { code: 6, name: 'PING', flags: { ACK: 0x1 }, stream: 'connection', size: { exactly: 8 }, doc: 'Asks for a sign of life, or gives it. Apple asks providers to use it after an hour without pushes.', source: 'RFC 9113, 6.7' },
  { code: 7, name: 'GOAWAY', flags: {}, stream: 'connection', size: { atLeast: 8 }, doc: 'Announces the end of the connection. APNs gives its reason as JSON in the debug data.', source: 'RFC 9113, 6.8' },
  { code: 8, name: 'WINDOW_UPDATE', flags: {}, stream: 'any', size: { exactly: 4 }, doc: 'Allows the peer to send that many more bytes of DATA.', source: 'RFC 9113, 6.9' },
  { code: 9, name: 'CONTINUATION', flags: { END_HEADERS: 0x4 }, stream: 'stream', size: {}, doc: 'Goes on with a header block that did not fit.', source: 'RFC 9113, 6.10' },
  { code: 10, name: 'ALTSVC', flags: {}, stream: 'any', size: { atLeast: 2 }, doc: 'Names another place where the service can be had.', source: 'RFC 7838, 4' },
  { code: 12, name: 'ORIGIN', flags: {}, stream: 'connection', size: {}, doc: 'Lists the origins this connection may be used for.', source: 'RFC 8336, 2' },
  { code: 16, name: 'PRIORITY_UPDATE', flags: {}, stream: 'connection', size: { atLeast: 4 }, doc: 'Priority of a stream, in the form that replaced PRIORITY.', source: 'RFC 9218, 7.1' },
];

interface SettingDef {
  readonly id: number;
  readonly name: string;
  readonly key: string;
  readonly initial: number | undefined;
  readonly min: number;
  readonly max: number;
  readonly unit?: 'bytes' | 'streams';
  readonly doc: string;
}

const U32 = 0xffffffff;

/** Source: RFC 9113, 6.5.2; RFC 8441, 3; RFC 9218, 2.1. */
export const SETTINGS: readonly SettingDef[] = [
  { id: 1, name: 'HEADER_TABLE_SIZE', key: 'header_table_size', initial: 4096, min: 0, max: U32, unit: 'bytes', doc: 'Size of the HPACK table that the peer may use when it sends headers here.' },
  { id: 2, name: 'ENABLE_PUSH', key: 'enable_push', initial: 1, min: 0, max: 1, doc: 'Whether the peer may send PUSH_PROMISE.' },
  { id: 3, name: 'MAX_CONCURRENT_STREAMS', key: 'max_streams', initial: undefined, min: 0, max: U32, unit: 'streams', doc: 'How many requests may be open at a time. APNs starts token connections at 1 and goes back to 1 after a rejected push; 500 to 1500 otherwise.' },
  { id: 4, name: 'INITIAL_WINDOW_SIZE', key: 'initial_window_size', initial: 65535, min: 0, max: 0x7fffffff, unit: 'bytes', doc: 'Bytes of DATA that the peer may send on a new stream before a WINDOW_UPDATE.' },
  { id: 5, name: 'MAX_FRAME_SIZE', key: 'max_frame_size', initial: 16384, min: 16384, max: 0xffffff, unit: 'bytes', doc: 'Longest frame payload that the sender takes.' },
  { id: 6, name: 'MAX_HEADER_LIST_SIZE', key: 'max_header_list_size', initial: undefined, min: 0, max: U32, unit: 'bytes', doc: 'Advice about the largest header list, uncompressed, with 32 bytes a header. APNs: 8000.' },
  { id: 8, name: 'ENABLE_CONNECT_PROTOCOL', key: 'enable_connect_protocol', initial: 0, min: 0, max: 1, doc: 'Whether extended CONNECT is understood.' },
  { id: 9, name: 'NO_RFC7540_PRIORITIES', key: 'no_rfc7540_priorities', initial: 0, min: 0, max: 1, doc: 'The old priority signals are not used.' },
];

interface ErrorCodeDef {
  readonly code: number;
  readonly name: string;
  readonly doc: string;
}

/** Codes of RST_STREAM and GOAWAY. Source: RFC 9113, 7. */
export const ERROR_CODES: readonly ErrorCodeDef[] = [
  { code: 0, name: 'NO_ERROR', doc: 'Nothing went wrong: an orderly end.' },
  { code: 1, name: 'PROTOCOL_ERROR', doc: 'The peer broke the protocol in a way that has no code of its own.' },
  { code: 2, name: 'INTERNAL_ERROR', doc: 'The sender failed by its own fault.' },
  { code: 3, name: 'FLOW_CONTROL_ERROR', doc: 'The peer sent more DATA than the window allowed.' },
  { code: 4, name: 'SETTINGS_TIMEOUT', doc: 'The peer did not acknowledge SETTINGS in time.' },
  { code: 5, name: 'STREAM_CLOSED', doc: 'A frame came on a stream that was already half closed.' },
  { code: 6, name: 'FRAME_SIZE_ERROR', doc: 'A frame had a length it may not have.' },
  { code: 7, name: 'REFUSED_STREAM', doc: 'Nothing was done with the request; it can be sent again.' },
  { code: 8, name: 'CANCEL', doc: 'The stream is no longer needed.' },
  { code: 9, name: 'COMPRESSION_ERROR', doc: 'The header tables of the two sides no longer agree.' },
  { code: 10, name: 'CONNECT_ERROR', doc: 'The connection behind a CONNECT broke.' },
  { code: 11, name: 'ENHANCE_YOUR_CALM', doc: 'The peer is too busy: too many streams, pings or resets.' },
  { code: 12, name: 'INADEQUATE_SECURITY', doc: 'The TLS version or cipher suite is not good enough.' },
  { code: 13, name: 'HTTP_1_1_REQUIRED', doc: 'The request needs HTTP/1.1.' },
];

/** The client's first bytes. Source: RFC 9113, 3.4. */
export const PREFACE_TEXT = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Message types of rows by name, for tables and filters: every message row and control frame. */
export function http2RowDefs(): Http2RowDef[] {
  return [
    ...Object.values(HTTP2_ROWS),
    ...FRAME_TYPES.map((f) => ({ code: CONTROL_ROW + f.code, name: f.name.toLowerCase().replaceAll('_', '-'), label: f.name, doc: f.doc })),
  ];
}
