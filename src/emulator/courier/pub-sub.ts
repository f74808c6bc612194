/** Publish-subscribe: a device names the channels that it wants, and gets what it has missed of them. */
import type { Channels } from '../channels.ts';
import { Push } from '../push.ts';
import type { SeededRandom } from '../random.ts';
import type { Device } from '../registry.ts';
import { readSubscription } from './subscription.ts';

/** Channels of one device: some hundred times what an app may show at once. */
export const MAX_SUBSCRIPTIONS = 4_096;

/**
 * Changes a device's subscriptions as its SubscribeToChannel asks; the stored messages of channels that are new to it are
 * due, unless it has them already.
 */
export function subscribe(
  device: Device,
  payload: Uint8Array,
  { channels, random }: { readonly channels: Channels; readonly random: SeededRandom },
): Push[] {
  const request = readSubscription(payload);
  const before = new Set(device.subscriptions?.keys());
  const subscriptions = request.replace ? new Map<string, bigint>() : (device.subscriptions ?? new Map<string, bigint>());
  device.subscriptions = subscriptions;
  for (const wish of request.wishes) {
    if (wish.drop) subscriptions.delete(wish.channel);
    else if (subscriptions.size < MAX_SUBSCRIPTIONS || subscriptions.has(wish.channel)) subscriptions.set(wish.channel, wish.last);
  }
  const due: Push[] = [];
  for (const [id, last] of subscriptions) {
    const latest = channels.byChannelId(id)?.latest;
    if (before.has(id) || latest === undefined || BigInt(Math.floor(latest.at)) * 1_000_000n <= last) continue;
    due.push(new Push(random.uuid(), 'broadcast', device.token, latest.body, latest.at));
  }
  return due;
}
