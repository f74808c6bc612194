/**
 * POST /3/device/<token>: the checks, in the order in which the emulator makes them.
 * The order is ours (Apple gives none): path, duplicates, who sends, headers, topic, token, payload.
 */
import { type BodyOptions, topicHash } from '../push.ts';
import type { Sender } from './connection.ts';
import { mayUse } from './connection.ts';
import { type ApiRequest, header, isUuid } from './message.ts';
import { MAX_COLLAPSE_ID, MAX_PAYLOAD, MAX_PAYLOAD_LARGE, PUSH_TYPES, type Reason } from './reasons.ts';

/** A well-formed push, its token not judged yet. */
export interface DevicePush {
  readonly token: string;
  readonly topic: string;
  readonly topicHash: string;
  readonly body: BodyOptions;
}

/** Headers of which a second one is an error. */
export function hasDuplicates(request: ApiRequest): boolean {
  const seen = new Set<string>();
  for (const [name] of request.headers) {
    if (name !== 'authorization' && !name.startsWith('apns-')) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/** 32 bytes in practice; Apple announced that they may grow, to 100 bytes at most. */
const TOKEN = /^[0-9a-f]{64,200}$/;
const TOPIC = /^[A-Za-z0-9._-]{1,255}$/;
const PRIORITIES: Readonly<Record<string, number>> = { '1': 1, '5': 5, '10': 10 };

/** Unix seconds, or undefined when it is no whole number. */
export function expirationOf(text: string): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

export function priorityOf(text: string): number | undefined {
  return PRIORITIES[text];
}

export function isPushType(text: string): boolean {
  return (PUSH_TYPES as readonly string[]).includes(text);
}

/** Checks everything about a push that needs no registry. */
export function checkDevicePush(request: ApiRequest, tokenText: string, sender: Sender): DevicePush | Reason {
  const id = header(request, 'apns-id');
  if (id !== undefined && !isUuid(id)) return 'BadMessageId';
  const collapseId = header(request, 'apns-collapse-id');
  if (collapseId !== undefined && Buffer.byteLength(collapseId) > MAX_COLLAPSE_ID) return 'BadCollapseId';
  const expiration = header(request, 'apns-expiration');
  const expiry = expiration === undefined ? undefined : expirationOf(expiration);
  if (expiration !== undefined && expiry === undefined) return 'BadExpirationDate';
  const pushType = header(request, 'apns-push-type');
  if (pushType !== undefined && !isPushType(pushType)) return 'InvalidPushType';
  const priorityText = header(request, 'apns-priority');
  const priority = priorityText === undefined ? (pushType === 'background' ? 5 : 10) : priorityOf(priorityText);
  if (priority === undefined || (pushType === 'background' && priority === 10)) return 'BadPriority';

  const topic = header(request, 'apns-topic') ?? sender.defaultTopic;
  if (topic === undefined || topic === '') return 'MissingTopic';
  if (!TOPIC.test(topic)) return 'BadTopic';
  if (!mayUse(sender, topic)) return 'TopicDisallowed';

  const token = tokenText.toLowerCase();
  if (!TOKEN.test(token) || token.length % 2 !== 0) return 'BadDeviceToken';

  if (request.body.length === 0) return 'PayloadEmpty';
  if (request.body.length > (pushType === 'voip' || topic.endsWith('.voip') ? MAX_PAYLOAD_LARGE : MAX_PAYLOAD)) return 'PayloadTooLarge';
  const hash = topicHash(topic);
  return { token, topic, topicHash: hash, body: { topic, topicHash: hash, payload: request.body, expiry, priority, pushType, collapseId } };
}
