import type { OpenQuestions } from './questions.ts';

/** What a device and the courier told each other about the connection. */
export interface DeviceState {
  /** Row of the newest Connect, -1 before. */
  connect: number;
  /** First four bytes of its token, 0 for none. */
  token: number;
  /** Row of the ConnectResponse that accepted, -1 before. */
  accepted: number;
  filtered: boolean;
  /** The device said that it leaves. */
  left: boolean;
  /** Row of that Connect, -1 before: some servers answer it, none must. */
  leftAt: number;
  /** Bytes of the largest message that the server takes; infinite until it says. */
  limit: number;
  minKeepAlive: number;
  maxKeepAlive: number;
  keepAlive: number;
  /** Seconds between keep-alives as the device last said, NaN before. */
  interval: number;
  keepAlivesRead: number;
  /** Topics by number, with the list that holds them, for each token of the connection. */
  filters: Map<number, TopicFilter> | undefined;
}

/** What a filter says about topics: the words for those that are not wanted, and the wanted ones. */
interface TopicFilter {
  readonly wanted: ReadonlySet<number>;
  readonly unwanted: ReadonlyMap<number, string>;
  /** It holds salted hashes too, which no topic can be compared with. */
  readonly salted: boolean;
}

/** What a provider wrote to a gateway on one connection. */
export interface GatewayState {
  /** Rows of the notifications, oldest first; a ring of `SENT_LIMIT`. */
  readonly sent: number[];
  next: number;
  /** Time of the last notification, NaN before. */
  wrote: number;
  /** Row that everything later was discarded after, -1 while the connection is good. */
  brokenAfter: number;
}

/** What an HTTP/2 connection to the push service agreed on. */
export interface Http2State {
  /** MAX_CONCURRENT_STREAMS of the server; infinite until it says. Source: RFC 9113, 6.5.2. */
  limit: number;
  limitTold: boolean;
  /** Row of the server's GOAWAY, -1 before, and the last stream that it handled. */
  goaway: number;
  lastStream: number;
  /** SETTINGS and PING that wait for their acknowledgement, by direction. */
  readonly settings: readonly [number[], number[]];
  readonly pings: readonly [number[], number[]];
  /** Requests whose provider token was looked at, and the time of the last. */
  tokensRead: number;
  tokenRead: number;
  /** Key and team of the first token, and its row. */
  key: string | undefined;
  keyRow: number;
  keyTold: boolean;
}

/** What rules remember of one connection. There are few of them compared with messages, so they are objects. */
export class StreamState {
  readonly stream: number;
  /** Dialect of the newest row that is no TLS. */
  dialect = 0;
  /** State of the dialect's machine. */
  state = 0;
  /** First row of the connection, of any kind. */
  readonly first: number;
  /** Newest row of the dialect, -1 before. */
  last = -1;
  /** A hole in the capture: absence proves nothing on this connection. */
  lossy = false;
  /** Open questions by exchange. */
  readonly questions: (OpenQuestions | undefined)[] = [];
  /** Answers to no known question; told at the end, because rows of holes may come late. */
  readonly unasked: number[] = [];
  device: DeviceState | undefined = undefined;
  gateway: GatewayState | undefined = undefined;
  http2: Http2State | undefined = undefined;

  constructor(stream: number, first: number) {
    this.stream = stream;
    this.first = first;
  }
}
