import { utf8 } from '../../core/text.ts';
import { type Context, fieldValue, numberOf, type RuleSet, remember } from '../context.ts';
import type { StreamState } from '../stream-state.ts';

/** Requests about channels that wait for their answer, on one connection; a client that leaves more waiting is no provider. */
const WAITING_LIMIT = 256;

/** The policy under which nothing is kept for devices that are away. Source: Apple, "Sending channel management requests to APNs". */
const POLICY = /"message-storage-policy"\s*:\s*"?([01])\b/;
const NO_STORAGE = '0';

/** Rules about broadcast channels: what a channel was made for, and what is sent to it. */
export function channelRules(): RuleSet {
  /** Rows that told that a channel keeps nothing, by its id. */
  const unstored = new Map<string, number>();
  /** By connection and HTTP/2 stream: the request about a channel, and what it said of itself. */
  const waiting = new Map<StreamState, Map<number, { readonly channel: string | undefined; readonly policy: string | undefined }>>();

  const policyOf = (body: unknown): string | undefined => (body instanceof Uint8Array ? POLICY.exec(utf8(body) ?? '')?.[1] : undefined);
  const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

  function ask(c: Context, s: StreamState, row: number): void {
    const id = c.columns.id(row);
    if (id === undefined) return;
    const message = c.source.message(row);
    let open = waiting.get(s);
    if (open === undefined) {
      open = new Map();
      waiting.set(s, open);
    }
    if (open.size >= WAITING_LIMIT) return;
    open.set(id, { channel: textOf(fieldValue(message, 'channel_id')), policy: policyOf(fieldValue(message, 'body')) });
  }

  /** A created channel is named by the answer; one that is read has its policy there. */
  function answer(c: Context, s: StreamState, row: number): void {
    if (waiting.size === 0) return;
    const open = waiting.get(s);
    const id = c.columns.id(row);
    const asked = id === undefined ? undefined : open?.get(id);
    if (open === undefined || id === undefined || asked === undefined) return;
    open.delete(id);
    if (open.size === 0) waiting.delete(s);
    const status = c.columns.status(row);
    if (status < 200 || status > 299) return;
    const message = c.source.message(row);
    const channel = textOf(fieldValue(message, 'channel_id')) ?? asked.channel;
    const policy = asked.policy ?? policyOf(fieldValue(message, 'body'));
    if (channel === undefined || policy === undefined) return;
    if (policy === NO_STORAGE) remember(unstored, channel, row);
    else unstored.delete(channel);
  }

  function broadcast(c: Context, _s: StreamState, row: number): void {
    if (unstored.size === 0) return;
    const message = c.source.message(row);
    const told = unstored.get(textOf(fieldValue(message, 'channel_id')) ?? '');
    if (told !== undefined && numberOf(message, 'expiry') > 0) c.report(row, 'session.broadcast-not-stored', { other: told });
  }

  return {
    rules: [
      { on: ['http2 c2s channelCreate', 'http2 c2s channelRead'], see: ask },
      { on: ['http2 s2c response'], see: answer },
      { on: ['http2 c2s broadcast'], see: broadcast },
    ],
  };
}
