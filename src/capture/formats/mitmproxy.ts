import type { Input, InputSink, InputState } from '../../core/input.ts';
import type { StreamSink } from '../../core/stream.ts';
import type { Source } from '../source.ts';
import { ascii } from './hex-text.ts';
import { epochTime, type Instant } from './instant.ts';
import { limitedNotes, type TextContext } from './text-input.ts';
import { type Element, TNET, TnetReader } from './tnetstring.ts';

/** Bytes handed over in one call. */
const PIECE = 256 * 1024;
/** Messages handed over by one `step`. */
const STEP_MESSAGES = 4096;
/** Flows in one file that are merged by time; each costs a few hundred bytes. */
const FLOW_LIMIT = 100_000;

/** A TCP flow on its way: the message that comes next, and where the one after it stands. */
interface Flow {
  readonly stream: StreamSink;
  readonly messages: Element;
  readonly number: number;
  next: number;
  fromClient: boolean;
  data: Element | undefined;
  time: Instant | undefined;
}

/** True when the head begins with a dictionary that looks like a flow of mitmproxy. */
export function isMitmproxy(head: Uint8Array): boolean {
  const text = ascii(head, 0, Math.min(head.length, 64 * 1024));
  return /^\d{1,12}:\d{1,3}:[a-z_]+[;,]/.test(text) && /4:type[;,]\d:[a-z]+[;,]|7:version[;,]\d{1,2}:/.test(text);
}

/**
 * Reads flow files of mitmproxy (`-w`), concatenated tnetstrings, of any flow version that keeps TCP flows as
 * `messages` = list of [from_client, bytes, time].
 *
 * TCP flows become streams, handed over in the order of their times across flows. The bytes stay where they are in the file.
 * HTTP and other flows hold decoded requests, not frames: they are counted and named in a note. Times are doubles of seconds, as written.
 */
export class MitmproxyInput implements Input {
  readonly name: string;
  readonly format = 'mitmproxy flows';
  private readonly source: Source;
  private readonly reader: TnetReader;
  private readonly piece = new Uint8Array(PIECE);
  private flows: Flow[] | undefined = undefined;
  private note: TextContext['note'] = () => {};
  private handed = 0;

  constructor(source: Source) {
    this.name = source.name;
    this.source = source;
    this.reader = new TnetReader(source);
  }

  get size(): number | undefined {
    return this.source.size;
  }

  get position(): number {
    return Math.min(this.handed, this.source.size);
  }

  step(sink: InputSink): InputState {
    // A flow is written when it ends and flows overlap in time, so all of them have to be there.
    if (!this.source.ended) return 'starved';
    if (this.flows === undefined) {
      this.note = limitedNotes(sink);
      this.flows = this.scan(sink);
    }
    for (let i = 0; i < STEP_MESSAGES; i++) {
      const flow = this.flows[0];
      if (flow === undefined) {
        this.handed = this.source.size;
        return 'done';
      }
      this.hand(flow, sink);
      this.take(flow);
      if (flow.data === undefined) this.endFirst();
      else siftDown(this.flows);
    }
    return 'more';
  }

  ready(): Promise<void> {
    return this.source.ready();
  }

  close(): void {
    this.source.close();
  }

  /** Walks over all flows: opens the streams of the TCP flows, as a heap by the time of their first message. */
  private scan(sink: InputSink): Flow[] {
    const flows: Flow[] = [];
    const others = new Map<string, number>();
    const { size } = this.source;
    let position = 0;
    while (position < size) {
      const element = this.reader.element(position, size);
      if (typeof element === 'string' || element.type !== TNET.dict) {
        this.note(element === 'cut' ? 'format.truncated' : 'format.unreadable', position, size, 'no whole flow stands here');
        break;
      }
      const type = this.reader.text(this.reader.get(element, 'type'));
      if (type !== 'tcp') others.set(type, (others.get(type) ?? 0) + 1);
      else if (flows.length < FLOW_LIMIT) this.open(element, flows, sink);
      else others.set('tcp beyond the limit', (others.get('tcp beyond the limit') ?? 0) + 1);
      position = element.end + 1;
    }
    for (const [type, count] of others) {
      const detail = `${count} ${/^[a-z0-9 ]{1,24}$/.test(type) ? type : 'unnamed'} ${count === 1 ? 'flow' : 'flows'}`;
      this.note('format.no-frames', 0, position, detail);
    }
    for (let i = (flows.length >> 1) - 1; i >= 0; i--) siftDown(flows, i);
    return flows;
  }

  private open(element: Element, flows: Flow[], sink: InputSink): void {
    const messages = this.reader.get(element, 'messages');
    if (messages?.type !== TNET.list) {
      this.note('format.unreadable', element.start, element.end, 'a TCP flow without messages');
      return;
    }
    const client = this.reader.get(element, 'client_conn');
    const server = this.reader.get(element, 'server_conn');
    const number = flows.length + 1;
    const stream = sink.stream({
      client: this.address(client, ['peername', 'address']),
      server: this.address(server, ['peername', 'ip_address', 'address']),
      rolesKnown: true,
      timed: true,
      ordered: true,
      decrypted: this.hasTls(client) || this.hasTls(server),
      label: `mitmproxy, TCP flow ${number}`,
    });
    const flow: Flow = { stream, messages, number, next: messages.start, fromClient: true, data: undefined, time: undefined };
    this.take(flow);
    if (flow.data !== undefined) flows.push(flow);
    else endStream(stream);
  }

  /** "host:port" of a connection's first key that is a list of host and port. */
  private address(connection: Element | undefined, keys: readonly string[]): string {
    for (const key of keys) {
      const list = this.reader.get(connection, key);
      if (list?.type !== TNET.list) continue;
      const [host, port] = [...first(this.reader.inside(list), 2)];
      const name = this.reader.text(host);
      if (name !== '' && port) return `${name.includes(':') ? `[${name}]` : name}:${this.reader.text(port)}`;
    }
    return '';
  }

  private hasTls(connection: Element | undefined): boolean {
    return (
      this.reader.text(this.reader.get(connection, 'tls')) === 'true' ||
      this.reader.text(this.reader.get(connection, 'tls_established')) === 'true'
    );
  }

  /** Advances a flow to its next message that has bytes; `data` is undefined when there is none. */
  private take(flow: Flow): void {
    flow.data = undefined;
    while (flow.next < flow.messages.end) {
      const message = this.reader.element(flow.next, flow.messages.end);
      if (typeof message === 'string') {
        this.note('format.unreadable', flow.next, flow.messages.end, 'broken list of messages');
        flow.next = flow.messages.end;
        return;
      }
      flow.next = message.end + 1;
      const [fromClient, data, time] = [...first(this.reader.inside(message), 3)];
      if (fromClient?.type !== TNET.boolean || (data?.type !== TNET.bytes && data?.type !== TNET.text)) {
        this.note('format.unreadable', message.start, message.end, 'not [from_client, bytes, time]');
        continue;
      }
      flow.fromClient = this.reader.text(fromClient) === 'true';
      flow.data = data;
      flow.time = time ? (epochTime(this.reader.text(time)) ?? flow.time) : flow.time;
      return;
    }
  }

  private hand(flow: Flow, sink: InputSink): void {
    const data = flow.data as Element;
    sink.at.packet = 0;
    sink.at.sec = flow.time ? flow.time.sec : Number.NaN;
    sink.at.nsec = flow.time ? flow.time.nsec : 0;
    for (let at = data.start; at < data.end; ) {
      const n = this.source.read(this.piece, 0, Math.min(PIECE, data.end - at), at);
      if (n === 0) break;
      flow.stream.data(flow.fromClient ? 0 : 1, this.piece, 0, n, this.source.address + at);
      at += n;
      this.handed += n;
    }
  }

  private endFirst(): void {
    const flows = this.flows as Flow[];
    endStream(flows[0].stream);
    const last = flows.pop() as Flow;
    if (flows.length > 0) {
      flows[0] = last;
      siftDown(flows);
    }
  }
}

function endStream(stream: StreamSink): void {
  stream.end(0, 'capture-end');
  stream.end(1, 'capture-end');
}

function* first(elements: Iterable<Element>, count: number): Generator<Element> {
  let n = 0;
  for (const element of elements) {
    yield element;
    if (++n === count) return;
  }
}

function before(a: Flow, b: Flow): boolean {
  const [x, y] = [a.time, b.time];
  if (x === undefined || y === undefined || (x.sec === y.sec && x.nsec === y.nsec)) {
    return (x === undefined) === (y === undefined) ? a.number < b.number : x === undefined;
  }
  return x.sec !== y.sec ? x.sec < y.sec : x.nsec < y.nsec;
}

/** Restores the heap order (earliest first) below `at`. */
function siftDown(heap: Flow[], at = 0): void {
  for (;;) {
    let least = at;
    for (let child = 2 * at + 1; child <= 2 * at + 2 && child < heap.length; child++) if (before(heap[child], heap[least])) least = child;
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least], heap[at]];
    at = least;
  }
}
