import { UserError } from '../core/errors.ts';

/** One thing that happened in the emulator, as its `/events` tells it. */
export interface ControlEvent {
  readonly kind: string;
  /** Id of the push that it is about. */
  readonly id?: string;
  readonly token?: string;
  readonly status?: number;
  readonly ackToken?: string;
}

/** Longest line of the event stream: an event has a few short members. */
const MAX_LINE = 64 * 1024;

/** Asks an emulator over its control API. Everything throws `UserError` when nobody answers, or with a refusal. */
export class ControlClient {
  readonly url: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, token: string) {
    this.url = url.replace(/\/$/, '');
    this.headers = { authorization: `Bearer ${token}` };
  }

  async get(path: string): Promise<unknown> {
    return (await this.ask(path, { headers: this.headers })).json();
  }

  async post(path: string, body: object): Promise<unknown> {
    const headers = { ...this.headers, 'content-type': 'application/json' };
    return (await this.ask(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  }

  /** Follows the events until the signal; resolves as soon as none can be missed. `ended` is called when the stream ends. */
  async follow(signal: AbortSignal, take: (event: ControlEvent) => void, ended: () => void): Promise<void> {
    const { body } = await this.ask('/events', { headers: this.headers, signal });
    if (body === null) throw new UserError('replay.control', `The control API at ${this.url} sends no events.`);
    const read = async (): Promise<void> => {
      const decoder = new TextDecoder();
      let text = '';
      for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
        const lines = (text + decoder.decode(bytes, { stream: true })).split('\n');
        text = (lines.pop() ?? '').slice(0, MAX_LINE);
        for (const line of lines) if (line !== '') take(JSON.parse(line) as ControlEvent);
      }
    };
    read().then(ended, ended);
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(`${this.url}${path}`, init);
    } catch {
      throw new UserError('replay.control', `No control API answers at ${this.url}.`);
    }
    if (answer.ok) return answer;
    if (answer.status === 401 || answer.status === 403)
      throw new UserError('replay.control', `The control API at ${this.url} does not take the token of --control-token.`);
    const told = (await answer.json().catch(() => undefined)) as { error?: unknown } | undefined;
    const why = typeof told?.error === 'string' ? `: ${told.error}` : '';
    throw new UserError('replay.control', `The control API at ${this.url} answered ${answer.status}${why}`);
  }
}
