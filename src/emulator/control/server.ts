/**
 * The control API over HTTP/1.1, on the loopback only and with a bearer token: a page in a browser must not be able to drive
 * the emulator, so requests that carry an Origin, or a Host that is not this machine, are refused before anything is read.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { UserError } from '../../core/errors.ts';
import type { Controls } from '../controls.ts';
import { eventJson } from './answers.ts';
import { ControlFailure } from './failure.ts';
import { findRoute } from './routes.ts';

/** Largest body: a thousand rules or a large payload are far below. */
const MAX_BODY = 16 * 1024 * 1024;
/** Events that may wait for a slow reader of the stream before it is cut off. */
const MAX_EVENT_BACKLOG = 8 * 1024 * 1024;
const LOOPBACK_HOSTS: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

export class ControlServer {
  private readonly controls: Controls;
  private readonly wantedPort: number;
  private readonly token: Buffer;
  private readonly http: Server;
  port = 0;

  constructor(controls: Controls, port: number, token: string) {
    this.controls = controls;
    this.wantedPort = port;
    this.token = Buffer.from(`Bearer ${token}`);
    this.http = createServer((request, response) => {
      this.serve(request, response).catch((error: unknown) => fail(response, error));
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.http.once('error', (error: NodeJS.ErrnoException) => {
        const inUse = error.code === 'EADDRINUSE';
        reject(
          inUse
            ? new UserError(
                'emulator.port',
                `The control API cannot start: port ${this.wantedPort} on 127.0.0.1 is in use. Choose another with --control-port (0 = any free one).`,
              )
            : error,
        );
      });
      this.http.listen({ host: '127.0.0.1', port: this.wantedPort }, () => {
        this.port = (this.http.address() as { port: number }).port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      this.http.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = '', origin, authorization = '' } = request.headers;
    if (!LOOPBACK_HOSTS.includes(host.replace(/:\d+$/, '')) || origin !== undefined || fromBrowser(request)) {
      throw new ControlFailure(403, 'The control API is for programs on this machine, not for web pages.');
    }
    const given = Buffer.from(authorization);
    if (given.length !== this.token.length || !timingSafeEqual(given, this.token)) {
      throw new ControlFailure(401, 'Give the token that was printed at the start: Authorization: Bearer <token>.');
    }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/events' && request.method === 'GET') {
      this.stream(request, response);
      return;
    }
    const found = findRoute(request.method ?? 'GET', url.pathname);
    if (!('route' in found)) {
      throw found.methods.length > 0
        ? new ControlFailure(405, `${url.pathname} takes ${found.methods.join(', ')}.`)
        : new ControlFailure(404, `There is no ${url.pathname}; GET / lists what there is.`);
    }
    const body = await readBody(request);
    const result = await found.route.run(this.controls, { params: found.params, query: url.searchParams, body });
    reply(response, 200, result === undefined ? { ok: true } : result);
  }

  /** Events as they happen, one JSON object a line, until the client goes. */
  private stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    const stop = this.controls.on((event) => {
      response.write(`${JSON.stringify(eventJson(event))}\n`);
      if (response.writableLength > MAX_EVENT_BACKLOG) response.destroy();
    });
    request.once('close', stop);
    response.once('close', stop);
  }
}

/** Browsers mark their requests, also those without an Origin. */
function fromBrowser(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  return site !== undefined && site !== 'none';
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_BODY) throw new ControlFailure(413, `The body is larger than ${MAX_BODY} bytes.`);
    pieces.push(piece);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
  } catch {
    throw new ControlFailure(400, 'The body is not JSON.');
  }
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${body}\n`);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof ControlFailure ? error.status : error instanceof UserError ? 400 : 500;
  response.shouldKeepAlive = status !== 413;
  reply(response, status, { error: (error as Error).message });
}
