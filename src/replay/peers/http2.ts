import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type OutgoingHttpHeaders,
  sensitiveHeaders,
} from 'node:http2';
import { UserError } from '../../core/errors.ts';
import type { HttpOut } from '../outgoing.ts';
import { type Answer, httpAnswer } from '../recorded.ts';
import type { Peer, PeerParts } from './peer.ts';

/** Times that a request is sent again because a server went away before it looked at it. */
const MAX_RETRIES = 3;
/** Bytes of a response that are kept: Apple's are below 200. */
const MAX_BODY = 64 * 1024;

/** Where a channel is made; its id is the server's answer. */
const CHANNELS = /^\/1\/apps\/[^/]+\/channels$/;

/** A provider towards the HTTP/2 service: requests with headers encoded afresh, several at a time, as many as the server allows. */
export class Http2Peer implements Peer {
  private readonly parts: PeerParts;
  private session: ClientHttp2Session | undefined;
  private open = 0;
  /** Requests of `open` that make channels. */
  private creating = 0;
  private goingAway = false;
  private readonly waiting: (() => void)[] = [];
  private readonly retries = new Map<number, number>();
  private readonly again: number[] = [];

  private constructor(parts: PeerParts) {
    this.parts = parts;
  }

  static async open(parts: PeerParts): Promise<Http2Peer> {
    const peer = new Http2Peer(parts);
    await peer.connect();
    return peer;
  }

  private async connect(): Promise<void> {
    const { socket } = await this.parts.open(['h2']);
    const session = connectHttp2('https://replay.invalid', { createConnection: () => socket });
    session.on('error', () => {});
    session.on('goaway', () => {
      this.goingAway = true;
    });
    session.on('close', () => {
      if (this.session === session) this.goingAway = true;
      this.released();
    });
    this.session = session;
    this.goingAway = false;
    await this.settings(session);
  }

  /** The server's first SETTINGS say how many requests it takes at a time. */
  private settings(session: ClientHttp2Session): Promise<void> {
    const { clock, settings, signal } = this.parts;
    return new Promise((resolve, reject) => {
      const stop = new AbortController();
      const done = (): void => {
        stop.abort();
        resolve();
      };
      session.once('remoteSettings', done);
      session.once('close', () => {
        stop.abort();
        reject(
          new UserError(
            'replay.http2',
            'The target closed the connection before it said a word of HTTP/2: is this the port of the HTTP/2 service?',
          ),
        );
      });
      signal.addEventListener('abort', done, { once: true });
      void clock.until(clock.now() + settings.timeoutMs, stop.signal).then(() => {
        if (stop.signal.aborted) return;
        session.destroy();
        reject(new UserError('replay.http2', 'The target does not speak HTTP/2: it sent no SETTINGS in time.'));
      });
    });
  }

  send(index: number): Promise<void> | undefined {
    if (this.session !== undefined && !this.goingAway && this.isFree(index)) {
      this.request(index);
      return undefined;
    }
    return this.later(index);
  }

  /** Whether there is room for one more, and the channel that it may name is known: not while one is being made. */
  private isFree(index: number): boolean {
    return this.open < this.limit() && (this.creating === 0 || !this.parts.namesChannel(index));
  }

  private limit(): number {
    const allowed = this.session?.remoteSettings?.maxConcurrentStreams ?? 100;
    return Math.max(1, Math.min(allowed, this.parts.settings.concurrency ?? allowed));
  }

  private async later(index: number): Promise<void> {
    const { signal } = this.parts;
    for (;;) {
      if (signal.aborted) return;
      if (this.goingAway) await this.reconnect();
      if (this.isFree(index)) break;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.request(index);
  }

  private async reconnect(): Promise<void> {
    const old = this.session;
    // Requests that the server has seen are answered on the old connection.
    while (this.open > 0 && !this.parts.signal.aborted) await new Promise<void>((resolve) => this.waiting.push(resolve));
    old?.close();
    this.parts.ledger.remark('reconnected after the server ended an HTTP/2 connection');
    await this.connect();
  }

  private request(index: number): void {
    const { ledger, clock, settings } = this.parts;
    const out = this.parts.prepare(index);
    const { session } = this;
    if (out?.kind !== 'http' || session === undefined) return;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(headersFor(out), { endStream: out.body.length === 0 });
    } catch (error) {
      ledger.hasFailed(index, `the request cannot be sent: ${(error as Error).message}`);
      return;
    }
    const creates = out.headers.some(([name, value]) => name === ':path' && CHANNELS.test(value)) ? 1 : 0;
    this.open++;
    this.creating += creates;
    if (ledger.outcomes[index] === 0) this.parts.sending?.(out.body);
    ledger.wasSent(index, clock.now());
    if (out.body.length > 0) stream.end(out.body);
    let headers: [string, string][] | undefined;
    let body = Buffer.alloc(0);
    let timedOut = false;
    const stop = new AbortController();
    void clock.until(clock.now() + settings.timeoutMs, stop.signal).then(() => {
      if (stop.signal.aborted) return;
      timedOut = true;
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (fields) => {
      headers = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [value].flat().map((one) => [name, String(one)]),
      );
    });
    stream.on('data', (bytes: Buffer) => {
      if (body.length < MAX_BODY) body = Buffer.concat([body, bytes]);
    });
    stream.on('error', () => {});
    stream.once('close', () => {
      stop.abort();
      this.open--;
      this.creating -= creates;
      this.closed(index, headers, body, stream.rstCode, timedOut);
      this.released();
    });
  }

  private closed(index: number, headers: [string, string][] | undefined, body: Uint8Array, code: number, timedOut: boolean): void {
    const { ledger, clock, settings, signal } = this.parts;
    if (headers !== undefined && code === constants.NGHTTP2_NO_ERROR) {
      const answer = httpAnswer(headers, body);
      this.learn(index, answer);
      ledger.wasAnswered(index, answer, clock.now());
    } else if (timedOut) ledger.isMissing(index, `no answer in ${settings.timeoutMs / 1000} s`);
    else if (signal.aborted) ledger.isMissing(index, 'interrupted before the answer');
    else if (
      code === constants.NGHTTP2_REFUSED_STREAM ||
      (this.goingAway && headers === undefined && code === constants.NGHTTP2_NO_ERROR)
    ) {
      const tries = (this.retries.get(index) ?? 0) + 1;
      this.retries.set(index, tries);
      if (tries > MAX_RETRIES) ledger.isMissing(index, 'the server refused the stream again and again');
      else this.again.push(index);
    } else ledger.isMissing(index, `the stream was reset (error code ${code})`);
  }

  /** Channel ids are made by the server: later requests must name the new one. */
  private learn(index: number, answer: Answer): void {
    const live = answer['apns-channel-id'];
    if (live === undefined) return;
    const recorded = this.parts.ledger.recorded(index)?.['apns-channel-id'];
    if (recorded !== undefined) this.parts.names.learn(recorded, live);
  }

  private released(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  flush(): void {}

  async finish(): Promise<void> {
    const { signal } = this.parts;
    while (!signal.aborted) {
      while (this.open > 0 && !signal.aborted) await new Promise<void>((resolve) => this.waiting.push(resolve));
      const next = this.again.shift();
      if (next === undefined) break;
      await this.later(next);
    }
    const { session } = this;
    if (session === undefined || session.destroyed) return;
    await new Promise<void>((resolve) => {
      session.once('close', () => resolve());
      session.close();
    });
  }

  abort(): void {
    this.session?.destroy();
    this.released();
  }
}

/** Headers as node:http2 takes them: repeated ones as lists; what credentials hold never enters a compression table. */
function headersFor({ headers }: HttpOut): OutgoingHttpHeaders {
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const known = out[name];
    if (known === undefined) out[name] = value;
    else out[name] = [known, value].flat();
  }
  out[':scheme'] ??= 'https';
  return Object.assign(out, { [sensitiveHeaders]: ['authorization'] });
}
