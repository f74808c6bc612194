/**
 * Channel management, /1/apps/<bundle>/channels and /all-channels, and the checks of POST /4/broadcasts/apps/<bundle>.
 * Sources: Apple, "Sending channel management requests" and "Sending broadcast push notification requests"; status codes
 * as observed on the sandbox in 2026: create 201 with the id in a header, delete 204, delete of an unknown one 404.
 */
import type { Channel, Channels } from '../channels.ts';
import { type BodyOptions, topicHash } from '../push.ts';
import { expirationOf, isPushType, priorityOf } from './device-push.ts';
import { type ApiAnswer, type ApiRequest, accept, header, refuse } from './message.ts';
import { MAX_PAYLOAD_LARGE, type Reason } from './reasons.ts';

/** The only push type that channels carry. */
const LIVE_ACTIVITY = 'liveactivity';

export function createChannel(
  request: ApiRequest,
  channels: Channels,
  bundle: string,
  limit: number,
  common: Record<string, string>,
): ApiAnswer {
  const checked = checkCreation(request);
  if (typeof checked === 'string') return refuse(checked, common);
  if (channels.list(bundle).length >= limit) return refuse('CannotCreateChannelConfig', common);
  const channel = channels.create(bundle, checked.policy, checked.pushType);
  return accept(201, { ...common, 'apns-channel-id': channel.id });
}

export function readChannel(request: ApiRequest, channels: Channels, bundle: string, common: Record<string, string>): ApiAnswer {
  const channel = wantedChannel(request, channels, bundle);
  if (typeof channel === 'string') return refuse(channel, common);
  return accept(200, common, { 'message-storage-policy': channel.policy, 'push-type': channel.pushType });
}

export function deleteChannel(request: ApiRequest, channels: Channels, bundle: string, common: Record<string, string>): ApiAnswer {
  const channel = wantedChannel(request, channels, bundle);
  if (channel === 'MissingChannelId') return refuse(channel, common);
  if (typeof channel === 'string') return refuse('BadPath', common);
  channel.deleted = true;
  channel.latest = undefined;
  return accept(204, common);
}

export function listChannels(channels: Channels, bundle: string, common: Record<string, string>): ApiAnswer {
  return accept(200, common, { channels: channels.list(bundle).map((channel) => channel.id) });
}

/** Checks a broadcast; what it says and to which channel, or the reason against it. */
export function checkBroadcast(
  request: ApiRequest,
  channels: Channels,
  bundle: string,
): { readonly channel: Channel; readonly body: BodyOptions } | Reason {
  const channel = wantedChannel(request, channels, bundle);
  if (typeof channel === 'string') return channel;
  const pushType = header(request, 'apns-push-type');
  if (pushType === undefined) return 'MissingPushType';
  if (pushType.toLowerCase() !== LIVE_ACTIVITY) return 'InvalidPushType';
  const expiry = expirationOf(header(request, 'apns-expiration') ?? '');
  if (expiry === undefined || (channel.policy === 0 && expiry !== 0)) return 'BadExpirationDate';
  const priority = priorityOf(header(request, 'apns-priority') ?? '');
  if (priority === undefined) return 'BadPriority';
  if (request.body.length === 0) return 'PayloadEmpty';
  if (request.body.length > MAX_PAYLOAD_LARGE) return 'PayloadTooLarge';
  if (jsonOf(request.body) === undefined) return 'BadRequestPayload';
  const topic = `${bundle}.push-type.${LIVE_ACTIVITY}`;
  return {
    channel,
    body: { topic, topicHash: topicHash(topic), payload: request.body, expiry, priority, pushType: LIVE_ACTIVITY, channel: channel.id },
  };
}

function wantedChannel(
  request: ApiRequest,
  channels: Channels,
  bundle: string,
): Channel | 'MissingChannelId' | 'BadChannelId' | 'ChannelNotRegistered' {
  const id = header(request, 'apns-channel-id');
  if (id === undefined || id === '') return 'MissingChannelId';
  const channel = channels.find(bundle, id);
  if (channel === undefined) return 'BadChannelId';
  return channel.deleted ? 'ChannelNotRegistered' : channel;
}

function checkCreation(request: ApiRequest): { readonly policy: 0 | 1; readonly pushType: string } | Reason {
  const body = jsonOf(request.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'BadRequestPayload';
  const { 'push-type': pushType, 'message-storage-policy': policy } = body as Record<string, unknown>;
  if (pushType === undefined) return 'MissingPushType';
  if (typeof pushType !== 'string' || pushType.toLowerCase() !== LIVE_ACTIVITY || !isPushType(pushType.toLowerCase()))
    return 'InvalidPushType';
  if (policy === undefined) return 'MissingChannelQueueSize';
  if (policy !== 0 && policy !== 1) return 'BadRequestParams';
  return { policy, pushType };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
