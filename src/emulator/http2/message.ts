/** Requests and answers of the provider API as plain data: the laws below never see a socket. */
import type { Reason } from './reasons.ts';
import { reasonRow } from './reasons.ts';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case, in order, duplicates kept, pseudo-headers left out. */
  readonly headers: readonly (readonly [string, string])[];
  /** The body; cut at the largest payload plus one byte. */
  readonly body: Uint8Array;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; undefined ends the stream on the headers, since an empty DATA frame after a 200 breaks aioapns 2.2. */
  readonly body: string | undefined;
  readonly reason: string | undefined;
}

/** First value of a header. */
export function header(request: ApiRequest, name: string): string | undefined {
  for (const [key, value] of request.headers) if (key === name) return value;
  return undefined;
}

/** An error answer. `timestamp`: milliseconds, only for reasons that carry one. */
export function refuse(reason: Reason | (string & {}), headers: Record<string, string>, timestamp?: number, status?: number): ApiAnswer {
  const row = reasonRow(reason);
  const body = row?.timestamp && timestamp !== undefined ? { reason, timestamp: Math.floor(timestamp) } : { reason };
  return {
    status: status ?? row?.status ?? 400,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    reason,
  };
}

export function accept(status: number, headers: Record<string, string>, body?: unknown): ApiAnswer {
  return {
    status,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    reason: undefined,
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}
