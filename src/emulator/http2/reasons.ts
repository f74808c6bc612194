/**
 * Every reason of the HTTP/2 provider API with its status, as data.
 * Source: Apple, "Handling notification responses from APNs" and the broadcast and channel management pages; where a
 * row says `observed`, a public client or a field note, not Apple's tables.
 */

export type Api = 'device' | 'broadcast' | 'channels';

export interface ReasonRow {
  readonly reason: string;
  readonly status: number;
  readonly apis: readonly Api[];
  /** What makes the emulator answer so. */
  readonly cause: string;
  /** `request`: a request can provoke it. `rule`: only a rule or the control API does. */
  readonly by: 'request' | 'rule';
  /** The answer carries the time since when the token is invalid, in milliseconds. */
  readonly timestamp?: true;
  /** Not in Apple's tables. */
  readonly observed?: true;
  /** Counts as a rejection that lowers the peer's stream limit to 1; Apple says that 410 does not. */
  readonly lowersLimit?: false;
}

const ALL: readonly Api[] = ['device', 'broadcast', 'channels'];
const DEVICE: readonly Api[] = ['device'];
const CHANNEL: readonly Api[] = ['broadcast', 'channels'];

export const REASONS = [
  { reason: 'BadCollapseId', status: 400, apis: DEVICE, by: 'request', cause: 'apns-collapse-id longer than 64 bytes' },
  { reason: 'BadDeviceToken', status: 400, apis: DEVICE, by: 'request', cause: 'token is not hex, or nobody has it in this environment' },
  {
    reason: 'BadExpirationDate',
    status: 400,
    apis: ['device', 'broadcast'],
    by: 'request',
    cause: 'apns-expiration is not a number; missing for a broadcast; not 0 on a channel without storage',
  },
  { reason: 'BadMessageId', status: 400, apis: ALL, by: 'request', cause: 'apns-id (apns-request-id) is not a UUID' },
  {
    reason: 'BadPriority',
    status: 400,
    apis: ['device', 'broadcast'],
    by: 'request',
    cause: 'apns-priority is not 1, 5 or 10, or 10 for a background push',
  },
  { reason: 'BadTopic', status: 400, apis: DEVICE, by: 'request', cause: 'apns-topic is malformed' },
  { reason: 'DeviceTokenNotForTopic', status: 400, apis: DEVICE, by: 'request', cause: 'the token belongs to another topic' },
  { reason: 'DuplicateHeaders', status: 400, apis: DEVICE, by: 'request', cause: 'an apns-* header or authorization is there twice' },
  { reason: 'IdleTimeout', status: 400, apis: DEVICE, by: 'rule', cause: 'also the reason of a GOAWAY after the idle time' },
  { reason: 'InvalidPushType', status: 400, apis: ALL, by: 'request', cause: 'apns-push-type is none that Apple lists' },
  { reason: 'MissingDeviceToken', status: 400, apis: DEVICE, by: 'request', cause: 'the path ends after /3/device/' },
  {
    reason: 'MissingTopic',
    status: 400,
    apis: DEVICE,
    by: 'request',
    cause: 'no apns-topic, with a provider token or a certificate of several topics',
  },
  { reason: 'PayloadEmpty', status: 400, apis: ['device', 'broadcast'], by: 'request', cause: 'no body' },
  {
    reason: 'TopicDisallowed',
    status: 400,
    apis: ['device', 'broadcast'],
    by: 'request',
    cause: 'the key or certificate does not cover the topic',
  },
  {
    reason: 'BadCertificate',
    status: 403,
    apis: ALL,
    by: 'request',
    cause: 'client certificate not signed by the lab CA while only those are taken; normally a GOAWAY',
  },
  {
    reason: 'BadCertificateEnvironment',
    status: 403,
    apis: ALL,
    by: 'request',
    cause: 'client certificate for the other environment; normally a GOAWAY',
  },
  { reason: 'ExpiredProviderToken', status: 403, apis: ALL, by: 'request', cause: 'iat is older than an hour' },
  { reason: 'Forbidden', status: 403, apis: DEVICE, by: 'request', cause: 'the key was revoked' },
  {
    reason: 'InvalidProviderToken',
    status: 403,
    apis: ALL,
    by: 'request',
    cause: 'not a JWT, wrong algorithm, unknown key or team, bad signature, another team than before',
  },
  { reason: 'MissingProviderToken', status: 403, apis: ALL, by: 'request', cause: 'neither certificate nor authorization header' },
  {
    reason: 'UnrelatedKeyIdInToken',
    status: 403,
    apis: DEVICE,
    by: 'request',
    cause: 'another key than that of the first push on this connection',
  },
  { reason: 'BadEnvironmentKeyIdInToken', status: 403, apis: DEVICE, by: 'request', cause: 'the key is bound to the other environment' },
  {
    reason: 'BadEnvironmentKeyInToken',
    status: 403,
    apis: DEVICE,
    by: 'request',
    cause: 'spelling of the former that was met on the wire; chosen by setting',
    observed: true,
  },
  { reason: 'TopicMismatch', status: 403, apis: CHANNEL, by: 'request', cause: 'the certificate does not cover the app in the path' },
  { reason: 'BadPath', status: 404, apis: ALL, by: 'request', cause: 'no such path; also the deletion of an unknown channel' },
  { reason: 'MethodNotAllowed', status: 405, apis: ALL, by: 'request', cause: 'the path does not take this method' },
  {
    reason: 'ExpiredToken',
    status: 410,
    apis: DEVICE,
    by: 'request',
    cause: 'the device token has expired',
    timestamp: true,
    lowersLimit: false,
  },
  {
    reason: 'Unregistered',
    status: 410,
    apis: DEVICE,
    by: 'request',
    cause: 'the device token is no longer active for the topic',
    timestamp: true,
    lowersLimit: false,
  },
  {
    reason: 'PayloadTooLarge',
    status: 413,
    apis: ['device', 'broadcast'],
    by: 'request',
    cause: 'body over 4096 bytes (5120 for VoIP and broadcasts)',
  },
  {
    reason: 'TooManyProviderTokenUpdates',
    status: 429,
    apis: ALL,
    by: 'request',
    cause: 'provider token changed too often within 20 minutes',
  },
  { reason: 'TooManyRequests', status: 429, apis: ALL, by: 'request', cause: 'more pushes to one device token than the setting allows' },
  { reason: 'InternalServerError', status: 500, apis: ALL, by: 'rule', cause: 'injected' },
  { reason: 'ServiceUnavailable', status: 503, apis: ALL, by: 'rule', cause: 'injected' },
  { reason: 'Shutdown', status: 503, apis: ALL, by: 'rule', cause: 'injected; also the reason of a GOAWAY' },
  { reason: 'FeatureNotEnabled', status: 400, apis: CHANNEL, by: 'request', cause: 'broadcast is switched off for the app' },
  {
    reason: 'BroadcastFeatureNotEnabled',
    status: 400,
    apis: CHANNEL,
    by: 'rule',
    cause: 'met on the wire in place of FeatureNotEnabled',
    observed: true,
  },
  { reason: 'MissingChannelId', status: 400, apis: CHANNEL, by: 'request', cause: 'no apns-channel-id' },
  { reason: 'BadChannelId', status: 400, apis: CHANNEL, by: 'request', cause: 'apns-channel-id never existed' },
  { reason: 'ChannelNotRegistered', status: 400, apis: CHANNEL, by: 'request', cause: 'the channel was deleted' },
  { reason: 'BadRequestParams', status: 400, apis: ['channels'], by: 'request', cause: 'message-storage-policy is neither 0 nor 1' },
  { reason: 'BadRequestPayload', status: 400, apis: CHANNEL, by: 'request', cause: 'the body is not JSON' },
  { reason: 'MissingPushType', status: 400, apis: CHANNEL, by: 'request', cause: 'no push type' },
  { reason: 'MissingChannelQueueSize', status: 400, apis: ['channels'], by: 'request', cause: 'no message-storage-policy', observed: true },
  {
    reason: 'CannotCreateChannelConfig',
    status: 400,
    apis: ['channels'],
    by: 'request',
    cause: 'the app has as many channels as one may have (10 000)',
  },
] as const satisfies readonly ReasonRow[];

export type Reason = (typeof REASONS)[number]['reason'];

const byReason = new Map<string, ReasonRow>(REASONS.map((row) => [row.reason, row]));

/** The row of a reason; undefined for one that Apple never named. */
export function reasonRow(reason: string): ReasonRow | undefined {
  return byReason.get(reason);
}

/** Push types of Apple's header table; what they ask of topic and priority is in the client's hands. */
export const PUSH_TYPES = [
  'alert',
  'background',
  'voip',
  'complication',
  'fileprovider',
  'mdm',
  'location',
  'liveactivity',
  'pushtotalk',
  'widgets',
  'controls',
] as const;

export const MAX_PAYLOAD = 4096;
/** VoIP pushes and broadcasts. */
export const MAX_PAYLOAD_LARGE = 5120;
export const MAX_COLLAPSE_ID = 64;
/** Channels of one app in one environment. */
export const MAX_CHANNELS = 10_000;
