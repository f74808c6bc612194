/** Watches a running emulator: its status once a second, its events as they happen. */
import { request } from 'node:http';
import { printable, shortHex } from '../core/text.ts';
import { type EmulatorEventLine, type EmulatorState, EVENT_LIMIT, emulatorState } from './emulator-view.ts';

type Change = (change: (emulator: EmulatorState | undefined) => EmulatorState) => void;

const STATUS_MS = 1000;
/** Longest line of the event stream that is looked at. */
const LINE_LIMIT = 65_536;

interface Given {
  /** ISO time, or milliseconds. */
  readonly at?: string | number;
  readonly kind?: string;
  readonly server?: string;
  readonly [key: string]: unknown;
}

const BAD = new Set(['rejected', 'discarded', 'expired', 'dropped', 'fault', 'refused']);

export function eventLine(json: string): EmulatorEventLine | undefined {
  let event: Given;
  try {
    event = JSON.parse(json) as Given;
  } catch {
    return undefined;
  }
  if (typeof event !== 'object' || event === null || event.kind === undefined) return undefined;
  const { at, kind, server, detail, ...rest } = event;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : shortHex(String(value))}`);
  const text = [String(kind), ...(detail === undefined ? [] : [String(detail)]), ...facts].join('  ');
  const bad = BAD.has(String(kind)) || (typeof rest['status'] === 'number' && rest['status'] > 0 && rest['status'] !== 200);
  return { time: clockTime(at), server: printable(String(server ?? '')), text: printable(text), bad };
}

/** Hours to milliseconds, UTC; nothing for what is no time. */
function clockTime(at: unknown): string {
  const ms = typeof at === 'number' ? at : typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString().slice(11, 23) : '';
}

export function statusLines(status: Record<string, unknown>): [string, string][] {
  const plain = (value: unknown): string =>
    typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([k, v]) => `${k} ${String(v)}`)
          .join(', ')
      : String(value);
  const counts = Object.entries(status).filter(([, v]) => typeof v === 'number');
  const rest = Object.entries(status).filter(([, v]) => typeof v !== 'number');
  return [
    ...rest.map(([k, v]): [string, string] => [k, plain(v)]),
    ...(counts.length === 0 ? [] : [['counts', counts.map(([k, v]) => `${k} ${v}`).join(', ')] as [string, string]]),
  ];
}

/** Attaches to `address` ("http://127.0.0.1:9000#token", the token after #); returns what detaches. */
export function watchEmulator(address: string, change: Change): () => void {
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fail = (error: string): void => {
    if (!ended) change((e) => ({ ...(e ?? emulatorState(address)), connected: false, error }));
  };
  let url: URL;
  try {
    url = new URL(/^https?:\/\//.test(address) ? address : `http://${address}`);
  } catch {
    fail('this is no address; write http://127.0.0.1:PORT#TOKEN');
    return () => undefined;
  }
  const token = decodeURIComponent(url.hash.slice(1)) || (process.env['APNS_INSPECT_CONTROL_TOKEN'] ?? '');
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const get = (path: string, done: (status: number, body: NodeJS.ReadableStream) => void): ReturnType<typeof request> => {
    const call = request({ host: url.hostname, port: url.port, path, headers }, (response) => done(response.statusCode ?? 0, response));
    call.on('error', (error) => fail(error.message));
    call.end();
    return call;
  };
  const status = (): void => {
    if (ended) return;
    get('/status', (code, body) => {
      let text = '';
      body.on('data', (part: Buffer) => {
        if (text.length < LINE_LIMIT) text += part.toString();
      });
      body.on('end', () => {
        if (code !== 200) return fail(code === 401 ? 'it wants its token: http://127.0.0.1:PORT#TOKEN' : `it answered ${code}`);
        try {
          const lines = statusLines(JSON.parse(text) as Record<string, unknown>);
          change((e) => ({ ...(e ?? emulatorState(address)), connected: true, error: undefined, status: lines }));
        } catch {
          fail('its answer is no JSON');
        }
      });
    });
    timer = setTimeout(status, STATUS_MS);
  };
  status();
  const stream = get('/events', (code, body) => {
    if (code !== 200) return;
    let rest = '';
    body.on('data', (part: Buffer) => {
      rest += part.toString();
      const parts = rest.split('\n');
      rest = (parts.pop() ?? '').slice(-LINE_LIMIT);
      const lines = parts.flatMap((line) => eventLine(line.replace(/^data:\s*/, '').trim()) ?? []);
      if (lines.length > 0) change((e) => withEvents(e ?? emulatorState(address), lines));
    });
  });
  return () => {
    ended = true;
    if (timer !== undefined) clearTimeout(timer);
    stream.destroy();
  };
}

export function withEvents(emulator: EmulatorState, lines: readonly EmulatorEventLine[]): EmulatorState {
  if (emulator.paused) return emulator;
  return { ...emulator, events: [...emulator.events, ...lines].slice(-EVENT_LIMIT) };
}
