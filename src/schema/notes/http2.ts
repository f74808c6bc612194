import type { NoteDef } from './definition.ts';
import { HTTP2_FRAME_NOTES } from './http2-frame.ts';

/** Notes about requests and answers of the HTTP/2 provider API: what APNs will object to, and what its answers mean. */
export const HTTP2_NOTES = {
  ...HTTP2_FRAME_NOTES,
  'http2.device-token-missing': { severity: 'warn', sentence: 'The path has no device token.', advice: 'APNs answers MissingDeviceToken.' },
  'http2.device-token-invalid': {
    severity: 'warn',
    sentence: 'The device token in the path is not hex of whole bytes.',
    advice: 'APNs answers BadDeviceToken.',
  },
  'http2.method-wrong': { severity: 'warn', sentence: 'This path is not for this method.', advice: 'APNs answers MethodNotAllowed.' },
  'http2.path-unknown': { severity: 'note', sentence: 'The path is none of the provider API.', advice: 'APNs answers BadPath.' },
  'http2.push-type-missing': {
    severity: 'note',
    sentence: 'apns-push-type is missing.',
    advice: 'It is required for watchOS 6 and recommended for all; broadcasts are refused without it.',
  },
  'http2.push-type-unknown': {
    severity: 'warn',
    sentence: 'apns-push-type has a value that is not documented.',
    advice: 'APNs answers InvalidPushType.',
  },
  'http2.priority-invalid': { severity: 'warn', sentence: 'apns-priority is not 10, 5 or 1.', advice: 'APNs answers BadPriority.' },
  'http2.priority-for-type': {
    severity: 'warn',
    sentence: 'This priority is not allowed for the push type.',
    advice: 'Background pushes need 5 or 1; Push to Talk needs 10. APNs refuses or drops the push otherwise.',
  },
  'http2.priority-missing': { severity: 'warn', sentence: 'A broadcast needs apns-priority.', advice: 'Send 10, 5 or 1.' },
  'http2.expiration-invalid': {
    severity: 'warn',
    sentence: 'apns-expiration is not a whole number of seconds.',
    advice: 'APNs answers BadExpirationDate. Send Unix seconds, or 0 for one attempt.',
  },
  'http2.expiration-milliseconds': {
    severity: 'warn',
    sentence: 'apns-expiration looks like milliseconds.',
    advice: 'APNs counts seconds: this date is tens of thousands of years away.',
  },
  'http2.expiration-missing': {
    severity: 'warn',
    sentence: 'A broadcast needs apns-expiration.',
    advice: 'APNs answers BadExpirationDate.',
  },
  'http2.expiration-for-type': {
    severity: 'note',
    sentence: 'This expiration is not what Apple asks for with the push type.',
    advice: 'Push to Talk pushes are useless later: send 0.',
  },
  'http2.topic-missing': {
    severity: 'warn',
    sentence: 'The push carries a provider token but no apns-topic.',
    advice: 'APNs answers MissingTopic.',
  },
  'http2.topic-suffix': {
    severity: 'warn',
    sentence: 'The topic does not have the suffix of its push type, or has that of another.',
    advice: 'APNs answers TopicDisallowed or DeviceTokenNotForTopic, or the push never arrives.',
  },
  'http2.topic-ignored': {
    severity: 'info',
    sentence: 'apns-topic has no meaning here: the path names the app.',
    advice: 'Nothing to do; some clients send it always.',
  },
  'http2.collapse-id-long': {
    severity: 'warn',
    sentence: 'apns-collapse-id is longer than 64 bytes.',
    advice: 'APNs answers BadCollapseId.',
  },
  'http2.id-invalid': { severity: 'warn', sentence: 'The identifier is not a canonical UUID.', advice: 'APNs answers BadMessageId.' },
  'http2.id-upper-case': {
    severity: 'info',
    sentence: 'The UUID has upper-case digits.',
    advice: 'Apple asks for lower case; compare answers without regard to case.',
  },
  'http2.channel-id-missing': {
    severity: 'warn',
    sentence: 'This request needs apns-channel-id.',
    advice: 'APNs answers MissingChannelId.',
  },
  'http2.channel-id-invalid': { severity: 'warn', sentence: 'apns-channel-id is not base64.', advice: 'APNs answers BadChannelId.' },
  'http2.duplicate-header': {
    severity: 'warn',
    sentence: 'A header that may stand once is repeated.',
    advice: 'APNs answers DuplicateHeaders.',
  },
  'http2.payload-empty': { severity: 'warn', sentence: 'The request has no payload.', advice: 'APNs answers PayloadEmpty.' },
  'http2.payload-large': {
    severity: 'warn',
    sentence: 'The payload is larger than APNs takes.',
    advice: 'APNs answers PayloadTooLarge: 4,096 bytes, 5,120 for VoIP and broadcasts.',
  },
  'http2.payload-compressed': {
    severity: 'warn',
    sentence: 'The body has a content encoding.',
    advice: 'APNs takes uncompressed JSON only.',
  },
  'http2.content-length': {
    severity: 'error',
    sentence: 'content-length is not the length of the body.',
    advice: 'The receiver treats the message as malformed (RFC 9113, 8.1.1).',
  },
  'http2.host-for-authority': {
    severity: 'info',
    sentence: 'The request has host in place of :authority.',
    advice: 'APNs takes it; other servers may not.',
  },
  'http2.authority-missing': {
    severity: 'note',
    sentence: 'The request names no host: neither :authority nor host.',
    advice: 'APNs takes it; other servers may not.',
  },
  'http2.authorization-scheme': {
    severity: 'warn',
    sentence: 'The authorization header is not of the scheme bearer.',
    advice: 'APNs answers InvalidProviderToken or MissingProviderToken.',
  },
  'http2.authorization-indexed': {
    severity: 'info',
    sentence: 'The provider token was entered into the header table.',
    advice: 'Apple asks for a literal without indexing, because the token is large and changes.',
  },
  'http2.path-indexed': {
    severity: 'info',
    sentence: 'The path was entered into the header table.',
    advice: 'Apple asks for a literal without indexing: the path is different for each device, and pushes useful entries out.',
  },
  'http2.header-upper-case': {
    severity: 'error',
    sentence: 'A header name has upper-case letters.',
    advice: 'HTTP/2 forbids them; the receiver treats the message as malformed.',
  },
  'http2.header-forbidden': {
    severity: 'warn',
    sentence: 'A header that belongs to HTTP/1.1 connections.',
    advice: 'HTTP/2 forbids it; the receiver treats the message as malformed.',
  },
  'http2.pseudo-header': {
    severity: 'error',
    sentence: 'A pseudo-header is missing, repeated, unknown or in the wrong place.',
    advice: 'The receiver treats the message as malformed (RFC 9113, 8.3).',
  },
  'http2.rejected': { severity: 'warn', sentence: 'APNs rejected the request.', advice: 'The reason says why and what to do.' },
  'http2.reason-unknown': {
    severity: 'note',
    sentence: 'The reason is in no document and no known client.',
    advice: 'Go by the status; the body is shown as it is.',
  },
  'http2.reason-undocumented': {
    severity: 'info',
    sentence: 'The reason is spelled as it is met on the wire, not as it is documented.',
    advice: 'Compare with both spellings.',
  },
  'http2.reason-status': {
    severity: 'note',
    sentence: 'The reason usually comes with another status.',
    advice: 'Not APNs itself may have answered: a proxy or a test server.',
  },
  'http2.reason-missing': {
    severity: 'note',
    sentence: 'The failure gives no reason.',
    advice: 'APNs sends a JSON body with every failure; this may be the answer of a proxy.',
  },
  'http2.timestamp-seconds': {
    severity: 'note',
    sentence: 'The timestamp looks like seconds; APNs sends milliseconds.',
    advice: 'Shown as seconds. Some test servers do this.',
  },
  'http2.timestamp-missing': {
    severity: 'note',
    sentence: 'A 410 without the time from which the token was inactive.',
    advice: 'APNs always sends it.',
  },
  'http2.success-body': {
    severity: 'info',
    sentence: 'A successful answer to a push has DATA frames.',
    advice: 'APNs ends the stream with the headers; some clients fail on an empty body.',
  },
} as const satisfies Record<string, NoteDef>;
