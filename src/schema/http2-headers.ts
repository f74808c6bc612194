// biome-ignore-all format: one row a line
import type { Privacy } from '../core/message.ts';

/** How a header's value is read and checked. */
export type HeaderType =
  | 'text'
  | 'uint'
  | 'epoch-seconds'
  | 'uuid'
  | 'push-type'
  | 'priority'
  | 'status'
  | 'token-path'
  | 'bearer'
  | 'base64';

export interface HeaderDef {
  /** Lower-case name as it is on the wire. */
  readonly name: string;
  readonly label: string;
  readonly type: HeaderType;
  /** Filter name besides `http2.header.<name>`. */
  readonly alias?: string;
  readonly privacy?: Privacy;
  /** Longest value in bytes. */
  readonly maxBytes?: number;
  /** APNs refuses a request that carries it twice (`DuplicateHeaders`). */
  readonly single?: boolean;
  readonly doc: string;
  readonly source: string;
}

const REQUEST_DOC = 'Apple: Sending notification requests to APNs';
const BROADCAST_DOC = 'Apple: Sending broadcast push notification requests to APNs';
const RESPONSE_DOC = 'Apple: Handling notification responses from APNs';

/** Headers with a meaning of their own; any other is shown by its name. */
export const HEADERS: readonly HeaderDef[] = [
  { name: ':method', label: 'Method', type: 'text', alias: 'http2.method', doc: 'POST for pushes; POST, GET or DELETE for channels.', source: REQUEST_DOC },
  { name: ':path', label: 'Path', type: 'token-path', alias: 'http2.path', privacy: 'token', doc: 'Says what the request is for and for which device, app or channel list.', source: REQUEST_DOC },
  { name: ':scheme', label: 'Scheme', type: 'text', doc: 'https.', source: 'RFC 9113, 8.3.1' },
  { name: ':authority', label: 'Authority', type: 'text', alias: 'http2.authority', privacy: 'address', doc: 'The host asked. APNs also takes requests without it.', source: 'RFC 9113, 8.3.1' },
  { name: ':status', label: 'Status', type: 'status', alias: 'http2.status', doc: 'Outcome of the request.', source: RESPONSE_DOC },
  { name: 'host', label: 'Host', type: 'text', privacy: 'address', doc: 'Older clients send it in place of :authority; APNs takes it.', source: REQUEST_DOC },
  { name: 'authorization', label: 'Authorization', type: 'bearer', privacy: 'credential', single: true, doc: 'The word bearer and a provider token (JWT).', source: REQUEST_DOC },
  { name: 'apns-push-type', label: 'Push type', type: 'push-type', alias: 'apns.push_type', single: true, doc: 'What kind of notification this is; decides the suffix of the topic.', source: REQUEST_DOC },
  { name: 'apns-id', label: 'Notification id', type: 'uuid', alias: 'apns.id', single: true, doc: 'Canonical lower-case UUID of the notification; made by APNs when absent, returned in the answer.', source: REQUEST_DOC },
  { name: 'apns-expiration', label: 'Expiry', type: 'epoch-seconds', alias: 'apns.expiry', single: true, doc: 'Unix time until which APNs keeps trying; 0 = one attempt, no storing.', source: REQUEST_DOC },
  { name: 'apns-priority', label: 'Priority', type: 'priority', alias: 'apns.priority', single: true, doc: '10 at once (default), 5 power saving, 1 lowest.', source: REQUEST_DOC },
  { name: 'apns-topic', label: 'Topic', type: 'text', alias: 'apns.topic', single: true, doc: 'Bundle identifier with the suffix of the push type. Needed with a token or a certificate for several topics.', source: REQUEST_DOC },
  { name: 'apns-collapse-id', label: 'Collapse id', type: 'text', alias: 'apns.collapse_id', privacy: 'identity', single: true, maxBytes: 64, doc: 'Notifications with the same id replace each other on the device.', source: REQUEST_DOC },
  { name: 'apns-channel-id', label: 'Channel id', type: 'base64', alias: 'apns.channel_id', privacy: 'identity', single: true, doc: 'Broadcast channel, base64.', source: BROADCAST_DOC },
  { name: 'apns-request-id', label: 'Request id', type: 'uuid', alias: 'apns.request_id', single: true, doc: 'UUID of a broadcast or channel request; made by APNs when absent, returned in the answer.', source: BROADCAST_DOC },
  { name: 'apns-unique-id', label: 'Unique id', type: 'uuid', alias: 'apns.unique_id', doc: 'Identifier for the delivery log of the push console; sandbox answers only.', source: RESPONSE_DOC },
  { name: 'content-length', label: 'Content length', type: 'uint', doc: 'Bytes of the body.', source: 'RFC 9110, 8.6' },
  { name: 'content-type', label: 'Content type', type: 'text', doc: 'APNs ignores it in requests; failures are application/json.', source: RESPONSE_DOC },
  { name: 'cookie', label: 'Cookie', type: 'text', privacy: 'credential', doc: 'Not used by APNs.', source: 'RFC 6265' },
  { name: 'proxy-authorization', label: 'Proxy authorization', type: 'text', privacy: 'credential', doc: 'Not used by APNs.', source: 'RFC 9110, 11.7.2' },
];

interface PushTypeDef {
  readonly name: string;
  /** What the topic has after the bundle identifier. */
  readonly suffix: string;
  /** The only priorities that APNs takes with this type. */
  readonly priorities?: readonly number[];
  /** The only expiration that Apple allows. */
  readonly expiration?: number;
  /** Largest payload in bytes when it is not MAX_PAYLOAD. */
  readonly maxPayload?: number;
  /** Authentication with a certificate is refused. */
  readonly tokenOnly?: boolean;
  readonly doc: string;
}

/** Bytes of a device push. Source: Apple, Generating a remote notification. */
export const MAX_PAYLOAD = 4096;
/** Bytes of a broadcast. Source: Apple, Sending broadcast push notification requests to APNs. */
export const MAX_BROADCAST_PAYLOAD = 5120;

/** Values of apns-push-type. Source: Apple, Sending notification requests to APNs. */
export const PUSH_TYPES: readonly PushTypeDef[] = [
  { name: 'alert', suffix: '', doc: 'Shows an alert, plays a sound or sets the badge.' },
  { name: 'background', suffix: '', priorities: [5, 1], doc: 'Wakes the app silently; priority 10 is an error.' },
  { name: 'voip', suffix: '.voip', maxPayload: 5120, doc: 'Announces an incoming call (PushKit).' },
  { name: 'complication', suffix: '.complication', doc: 'Updates a watchOS complication.' },
  { name: 'fileprovider', suffix: '.pushkit.fileprovider', doc: 'Tells a File Provider extension of changes.' },
  { name: 'mdm', suffix: '', doc: 'Tells a managed device to contact its server; the topic is the UID of the MDM certificate.' },
  { name: 'location', suffix: '.location-query', tokenOnly: true, doc: 'Asks a Location Push Service extension for the location.' },
  { name: 'liveactivity', suffix: '.push-type.liveactivity', doc: 'Starts, updates or ends a Live Activity.' },
  { name: 'pushtotalk', suffix: '.voip-ptt', priorities: [10], expiration: 0, doc: 'Wakes a Push to Talk app; priority 10 and expiration 0.' },
  { name: 'widgets', suffix: '.push-type.widgets', doc: 'Reloads widgets.' },
  { name: 'controls', suffix: '.push-type.controls', doc: 'Reloads controls.' },
];

interface RouteDef {
  /** Row of HTTP2_ROWS. */
  readonly row: 'push' | 'broadcast' | 'channelCreate' | 'channelRead' | 'channelDelete' | 'channelList';
  /** The method this row needs; a push with another method is still a push (and answered 405). */
  readonly method?: string;
  readonly prefix: string;
  readonly suffix: string;
  /** What stands between prefix and suffix. */
  readonly holds: 'token' | 'bundle';
}

/** Paths of the provider API, in the order in which they are tried. Source: Apple, as above; hosts and ports do not matter. */
export const ROUTES: readonly RouteDef[] = [
  { row: 'push', prefix: '/3/device/', suffix: '', holds: 'token' },
  { row: 'broadcast', prefix: '/4/broadcasts/apps/', suffix: '', holds: 'bundle' },
  { row: 'channelList', prefix: '/1/apps/', suffix: '/all-channels', holds: 'bundle' },
  { row: 'channelCreate', method: 'POST', prefix: '/1/apps/', suffix: '/channels', holds: 'bundle' },
  { row: 'channelRead', method: 'GET', prefix: '/1/apps/', suffix: '/channels', holds: 'bundle' },
  { row: 'channelDelete', method: 'DELETE', prefix: '/1/apps/', suffix: '/channels', holds: 'bundle' },
];
