// biome-ignore-all format: one row a line
/** When sending the same request again can help. */
export type Retry =
  /** Never: the same request will be refused again. */
  | 'never'
  /** After the request, the token or the certificate has been corrected. */
  | 'corrected'
  /** Later, with growing pauses. */
  | 'later'
  /** At once, on another connection. */
  | 'reconnect';

export interface ReasonDef {
  readonly reason: string;
  /** HTTP status it comes with. */
  readonly status: number;
  /** Requests that it answers. */
  readonly scope: 'device' | 'broadcast' | 'both';
  readonly explanation: string;
  readonly advice: string;
  readonly retry: Retry;
  /** In no document of Apple's; seen on the wire or in clients. */
  readonly undocumented?: true;
  /** The documented spelling, when this is another one. */
  readonly alias?: string;
  readonly source: string;
}

const DEVICE = 'Apple: Handling notification responses from APNs';
const BROADCAST = 'Apple: Handling error responses from APNs for broadcast push notifications';

/** Every `reason` of the HTTP/2 provider API, in answers and in GOAWAY. */
export const REASONS: readonly ReasonDef[] = [
  { reason: 'BadCollapseId', status: 400, scope: 'device', explanation: 'The collapse id is longer than 64 bytes.', advice: 'Shorten apns-collapse-id; it counts bytes, not characters.', retry: 'corrected', source: DEVICE },
  { reason: 'BadDeviceToken', status: 400, scope: 'device', explanation: 'The device token is not valid: not hex, damaged, or made for the other environment.', advice: 'Send the token to the host of the environment it comes from (development builds: sandbox). Do not retry; APNs ends connections that send many such tokens.', retry: 'never', source: DEVICE },
  { reason: 'BadExpirationDate', status: 400, scope: 'both', explanation: 'apns-expiration is not acceptable: not a whole number, missing on a broadcast, or not zero on a channel that stores nothing.', advice: 'Send Unix seconds as digits, or 0. Broadcasts always need the header.', retry: 'corrected', source: DEVICE },
  { reason: 'BadMessageId', status: 400, scope: 'both', explanation: 'apns-id (apns-request-id on broadcasts) is not a UUID.', advice: 'Send a canonical UUID (8-4-4-4-12, lower case) or leave the header out.', retry: 'corrected', source: DEVICE },
  { reason: 'BadPriority', status: 400, scope: 'both', explanation: 'apns-priority is not 1, 5 or 10, or not allowed for this push type.', advice: 'Send 10, 5 or 1; background pushes need 5 or 1.', retry: 'corrected', source: DEVICE },
  { reason: 'BadTopic', status: 400, scope: 'device', explanation: 'The topic is malformed.', advice: 'Check apns-topic: bundle identifier and the suffix of the push type.', retry: 'corrected', source: DEVICE },
  { reason: 'DeviceTokenNotForTopic', status: 400, scope: 'device', explanation: 'The device token was made for another app than the topic names.', advice: 'Pair each token with the bundle identifier it was registered for. Do not retry.', retry: 'never', source: DEVICE },
  { reason: 'DuplicateHeaders', status: 400, scope: 'device', explanation: 'A header that may stand once is repeated.', advice: 'Send every apns-* header and authorization once.', retry: 'corrected', source: DEVICE },
  { reason: 'IdleTimeout', status: 400, scope: 'device', explanation: 'The connection was idle for too long.', advice: 'Open a new connection. A PING about every hour keeps one alive.', retry: 'reconnect', source: DEVICE },
  { reason: 'InvalidPushType', status: 400, scope: 'both', explanation: 'apns-push-type has a value that APNs does not know, or that this request may not have.', advice: 'Use one of the documented push types, in lower case.', retry: 'corrected', source: DEVICE },
  { reason: 'MissingDeviceToken', status: 400, scope: 'device', explanation: 'The path ends without a device token.', advice: 'Send POST /3/device/<token>.', retry: 'corrected', source: DEVICE },
  { reason: 'MissingTopic', status: 400, scope: 'device', explanation: 'apns-topic is missing and cannot be taken from the certificate.', advice: 'Send apns-topic; with a token or a certificate for several topics it is required.', retry: 'corrected', source: DEVICE },
  { reason: 'PayloadEmpty', status: 400, scope: 'both', explanation: 'The request has no body.', advice: 'Send a JSON payload with an aps dictionary.', retry: 'corrected', source: DEVICE },
  { reason: 'TopicDisallowed', status: 400, scope: 'both', explanation: 'This key or certificate may not push to the topic.', advice: 'Check that the key belongs to the team of the app and is not restricted to other topics.', retry: 'corrected', source: DEVICE },
  { reason: 'BadCertificate', status: 403, scope: 'both', explanation: 'The client certificate is not valid.', advice: 'Renew the push certificate; it usually comes in a GOAWAY that ends the connection.', retry: 'corrected', source: DEVICE },
  { reason: 'BadCertificateEnvironment', status: 403, scope: 'both', explanation: 'The client certificate is for the other environment.', advice: 'Use the host that the certificate is for, or a certificate for both environments.', retry: 'corrected', source: DEVICE },
  { reason: 'ExpiredProviderToken', status: 403, scope: 'both', explanation: 'The provider token was issued more than an hour ago.', advice: 'Make a new token every 20 to 60 minutes, and check the clock of the server.', retry: 'corrected', source: DEVICE },
  { reason: 'Forbidden', status: 403, scope: 'device', explanation: 'The action is not allowed: for example the key was revoked or the connection belongs to another team.', advice: 'Check the key in the developer account. Do not retry.', retry: 'never', source: DEVICE },
  { reason: 'InvalidProviderToken', status: 403, scope: 'both', explanation: 'The provider token is not valid: bad signature, unknown key id or team id.', advice: 'Check kid, iss, the algorithm ES256, and that the signature is 64 bytes r and s.', retry: 'corrected', source: DEVICE },
  { reason: 'MissingProviderToken', status: 403, scope: 'both', explanation: 'There is neither a client certificate nor an authorization header.', advice: 'Send authorization: bearer <token>, or connect with a certificate.', retry: 'corrected', source: DEVICE },
  { reason: 'UnrelatedKeyIdInToken', status: 403, scope: 'device', explanation: 'The token’s key is not the one that the first push of this connection used, nor related to it.', advice: 'Use one connection for each key.', retry: 'reconnect', source: DEVICE },
  { reason: 'BadEnvironmentKeyIdInToken', status: 403, scope: 'device', explanation: 'The key is bound to the other environment.', advice: 'Use the host of the key’s environment, or a key for both.', retry: 'corrected', source: DEVICE },
  { reason: 'BadEnvironmentKeyInToken', status: 403, scope: 'device', explanation: 'The key is bound to the other environment.', advice: 'Use the host of the key’s environment, or a key for both.', retry: 'corrected', undocumented: true, alias: 'BadEnvironmentKeyIdInToken', source: 'APNSwift; field observation' },
  { reason: 'BadPath', status: 404, scope: 'both', explanation: 'The path is none of the API, or names a channel that does not exist.', advice: 'Check the path; a new host does not have other paths.', retry: 'corrected', source: DEVICE },
  { reason: 'MethodNotAllowed', status: 405, scope: 'both', explanation: 'The method is not the one of this path.', advice: 'Pushes and broadcasts are POST; channels POST, GET or DELETE.', retry: 'corrected', source: DEVICE },
  { reason: 'ExpiredToken', status: 410, scope: 'device', explanation: 'The device token has expired.', advice: 'Stop pushing to it until the app registers again after the timestamp.', retry: 'never', source: DEVICE },
  { reason: 'Unregistered', status: 410, scope: 'device', explanation: 'The device token is no longer active for the topic: the app was removed or notifications ended.', advice: 'Stop pushing to it, unless the app has registered it again after the timestamp.', retry: 'never', source: DEVICE },
  { reason: 'PayloadTooLarge', status: 413, scope: 'both', explanation: 'The payload is larger than allowed: 4,096 bytes, 5,120 for VoIP and broadcasts.', advice: 'Shorten it. Do not retry.', retry: 'never', source: DEVICE },
  { reason: 'TooManyProviderTokenUpdates', status: 429, scope: 'both', explanation: 'The provider token was changed more often than every 20 minutes.', advice: 'Keep one token for 20 to 60 minutes, shared by all processes behind one address.', retry: 'later', source: DEVICE },
  { reason: 'TooManyRequests', status: 429, scope: 'both', explanation: 'Too many pushes went to the same device token (or channel) in a short time.', advice: 'Slow down for this token; collapse what is outdated.', retry: 'later', source: DEVICE },
  { reason: 'InternalServerError', status: 500, scope: 'both', explanation: 'APNs failed by its own fault.', advice: 'Retry after 15 minutes, with growing pauses.', retry: 'later', source: DEVICE },
  { reason: 'ServiceUnavailable', status: 503, scope: 'both', explanation: 'The service is not available now.', advice: 'Retry after 15 minutes, with growing pauses.', retry: 'later', source: DEVICE },
  { reason: 'Shutdown', status: 503, scope: 'both', explanation: 'This APNs server is shutting down.', advice: 'Open a new connection and send what has no answer again.', retry: 'reconnect', source: DEVICE },

  { reason: 'FeatureNotEnabled', status: 400, scope: 'broadcast', explanation: 'Broadcast is not switched on for this bundle identifier.', advice: 'Enable the broadcast capability in the developer account.', retry: 'corrected', source: BROADCAST },
  { reason: 'BroadcastFeatureNotEnabled', status: 400, scope: 'broadcast', explanation: 'Broadcast is not switched on for this bundle identifier.', advice: 'Enable the broadcast capability in the developer account.', retry: 'corrected', undocumented: true, alias: 'FeatureNotEnabled', source: 'Field observation' },
  { reason: 'MissingChannelId', status: 400, scope: 'broadcast', explanation: 'apns-channel-id is missing.', advice: 'Send the id that was returned when the channel was created.', retry: 'corrected', source: BROADCAST },
  { reason: 'BadChannelId', status: 400, scope: 'broadcast', explanation: 'apns-channel-id is malformed, or no such channel ever existed.', advice: 'Check the base64 text; channels do not cross environments.', retry: 'corrected', source: BROADCAST },
  { reason: 'ChannelNotRegistered', status: 400, scope: 'broadcast', explanation: 'The channel does not exist for this app, or was deleted.', advice: 'Create the channel again and distribute its new id.', retry: 'never', source: BROADCAST },
  { reason: 'BadRequestParams', status: 400, scope: 'broadcast', explanation: 'A parameter of the request is not valid.', advice: 'Check headers and path of the channel request.', retry: 'corrected', source: BROADCAST },
  { reason: 'BadRequestPayload', status: 400, scope: 'broadcast', explanation: 'The JSON body of the channel request is not valid.', advice: 'Send message-storage-policy and push-type.', retry: 'corrected', source: BROADCAST },
  { reason: 'MissingPushType', status: 400, scope: 'broadcast', explanation: 'The push type is missing.', advice: 'Send apns-push-type (broadcast) or push-type in the body (channel).', retry: 'corrected', source: BROADCAST },
  { reason: 'CannotCreateChannelConfig', status: 400, scope: 'broadcast', explanation: 'The app has as many channels as it may have: 10,000 in each environment.', advice: 'Delete channels that are no longer used.', retry: 'corrected', source: BROADCAST },
  { reason: 'MissingChannelQueueSize', status: 400, scope: 'broadcast', explanation: 'The storage policy of the new channel is missing.', advice: 'Send message-storage-policy 0 or 1.', retry: 'corrected', undocumented: true, source: 'hapns' },
  { reason: 'TopicMismatch', status: 403, scope: 'broadcast', explanation: 'The certificate is for another app than the path names.', advice: 'Use a certificate or key of the app in the path.', retry: 'corrected', source: BROADCAST },
];

const byName = new Map(REASONS.map((row) => [row.reason, row]));

/** The row of a reason as it is spelled on the wire, or undefined. */
export function reasonDef(reason: string): ReasonDef | undefined {
  return byName.get(reason);
}

/** What a retry class means, in words. */
export const RETRY_WORDS: Readonly<Record<Retry, string>> = {
  never: 'do not send again',
  corrected: 'send again after correcting the request',
  later: 'send again later, with growing pauses',
  reconnect: 'send again on a new connection',
};

/** HTTP status codes of the API in words. Source: RFC 9110, 15. */
export const STATUS_WORDS: Readonly<Record<number, string>> = {
  100: 'Continue',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
