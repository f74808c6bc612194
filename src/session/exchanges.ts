// biome-ignore-all format: one row a line
import type { SessionNoteCode } from '../schema/notes/session.ts';
import { KINDS, type KindName, kinds } from './kinds.ts';

/** A question and its answer. */
export interface ExchangeDef {
  readonly name: string;
  readonly ask: readonly KindName[];
  readonly answer: readonly KindName[];
  /**
   * `id`: both carry it. `order`: the oldest open question is answered. `id-or-order`: by id where one matches, else in
   * order: the server's acknowledgements, whose id Apple's client does not read (courier.md 3.5).
   */
  readonly by: 'id' | 'order' | 'id-or-order';
  /** Answers come in the order of the questions, so that a later answer shows that an earlier one is missing. */
  readonly ordered?: true;
  /** What a question that stays open means; left out when silence is allowed. */
  readonly unanswered?: SessionNoteCode;
  /** What it means when a question comes again under an id that is still open. */
  readonly repeated?: SessionNoteCode;
}

const REQUESTS: readonly KindName[] = [
  'http2 c2s push',
  'http2 c2s broadcast',
  'http2 c2s channelCreate',
  'http2 c2s channelRead',
  'http2 c2s channelDelete',
  'http2 c2s channelList',
  'http2 c2s request',
];

/**
 * Every exchange that needs no more than columns to be paired. The gateway's notifications are not here: their answer is
 * silence, and what an error packet answers is looked up when one comes (`rules/gateway.ts`). Acknowledgements of SETTINGS
 * and PING are told from questions by a flag (`rules/http2.ts`).
 */
export const EXCHANGES: readonly ExchangeDef[] = [
  { name: 'push', ask: ['courier s2c message'], answer: ['courier c2s message_ack'], by: 'id', ordered: true, unanswered: 'session.unacknowledged', repeated: 'session.message-repeated' },
  { name: 'device message', ask: ['courier c2s message'], answer: ['courier s2c message_ack'], by: 'id-or-order', ordered: true, unanswered: 'session.unacknowledged', repeated: 'session.message-repeated' },
  { name: 'connect', ask: ['courier c2s connect'], answer: ['courier s2c connect_response'], by: 'order', unanswered: 'session.unanswered' },
  { name: 'filter', ask: ['courier c2s filter'], answer: ['courier s2c filter_response'], by: 'order' },
  { name: 'keep-alive', ask: ['courier c2s keep_alive'], answer: ['courier s2c keep_alive_response'], by: 'order', unanswered: 'session.keep-alive-unanswered' },
  { name: 'flush by the device', ask: ['courier c2s flush'], answer: ['courier s2c flush_response'], by: 'order', unanswered: 'session.unanswered' },
  { name: 'flush by the server', ask: ['courier s2c flush'], answer: ['courier c2s flush_response'], by: 'order', unanswered: 'session.unanswered' },
  { name: 'scoped token', ask: ['courier c2s app_token_generate'], answer: ['courier s2c app_token_generate_response'], by: 'order', unanswered: 'session.unanswered' },
  { name: 'channel list', ask: ['courier c2s pub_sub_channel_list'], answer: ['courier s2c pub_sub_channel_list'], by: 'id', unanswered: 'session.unanswered' },
  { name: 'presence tracking', ask: ['courier c2s presence_tracking'], answer: ['courier s2c presence_tracking_response'], by: 'id', unanswered: 'session.unanswered' },
  { name: 'iOS 4 connect', ask: ['ios4 c2s connect'], answer: ['ios4 s2c connect_response'], by: 'order', unanswered: 'session.unanswered' },
  { name: 'iOS 4 push', ask: ['ios4 s2c message'], answer: ['ios4 c2s message_ack'], by: 'order', ordered: true, unanswered: 'session.unacknowledged' },
  { name: 'iOS 4 keep-alive', ask: ['ios4 c2s keep_alive'], answer: ['ios4 s2c keep_alive_response'], by: 'order', unanswered: 'session.keep-alive-unanswered' },
  { name: 'request', ask: REQUESTS, answer: ['http2 s2c response'], by: 'id', unanswered: 'session.unanswered' },
  { name: 'TLS handshake', ask: ['tls c2s clientHello'], answer: ['tls s2c serverHello'], by: 'order' },
];

/** Number of an exchange by its name in the table; throws on a name of no row. */
export function exchangeNumber(name: string): number {
  const number = EXCHANGES.findIndex((row) => row.name === name);
  if (number < 0) throw new Error(`no such exchange: ${name}`);
  return number;
}

/** By kind: exchange number + 1 when it asks, its negative when it answers, 0 when neither. */
export const EXCHANGE_OF: Int8Array = compile();

function compile(): Int8Array {
  const table = new Int8Array(KINDS);
  EXCHANGES.forEach((row, i) => {
    for (const name of row.ask) for (const kind of kinds(name)) table[kind] = i + 1;
    for (const name of row.answer) for (const kind of kinds(name)) table[kind] = -(i + 1);
  });
  return table;
}
