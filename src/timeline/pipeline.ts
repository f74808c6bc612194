import type { InputSink, StreamInfo } from '../core/input.ts';
import type { Note } from '../core/note.ts';
import type { Arrival, Dir, EndReason, StreamSink } from '../core/stream.ts';
import { Connection, type ConnectionFacts, type ConnectionHost, type Verdict } from './connection.ts';
import type { Rows } from './rows.ts';
import { connectionFacts, type Endpoints, FlowEndpoints, type FlowEnds, QuietStream, type StreamRecord } from './streams.ts';

/** Sees all bytes of all streams on their way: hashes, raw output. */
export type Tap = (level: 'tcp' | 'tls', stream: number, dir: Dir, buf: Uint8Array, start: number, end: number) => void;

/** What the pipeline asks of the rooms beside it. */
export interface PipelineParts {
  detect(first: Uint8Array, second: Uint8Array, facts: ConnectionFacts, record: StreamRecord, final: boolean): Verdict;
  openTls(record: StreamRecord, plaintext: Connection, tap: Tap | undefined): StreamSink | undefined;
}

/** What the network stage tells of a connection. */
export interface FlowFacts extends FlowEnds {
  readonly index: number;
  readonly rolesKnown: boolean;
}

/** Opens connections and gives them their place in the table of streams. */
export class Pipeline implements ConnectionHost {
  readonly rows: Rows;
  readonly at: Arrival;
  readonly streams: StreamRecord[] = [];
  private readonly numbers: number[] = [];
  private readonly parts: PipelineParts;
  private readonly tap: Tap | undefined;

  constructor(rows: Rows, at: Arrival, parts: PipelineParts, tap: Tap | undefined) {
    this.rows = rows;
    this.at = at;
    this.parts = parts;
    this.tap = tap;
  }

  /** A TCP connection in which a byte was seen. Connections are numbered by their first packet, those without bytes too. */
  openFlow(flow: FlowFacts): StreamSink {
    this.reserve(flow.index + 1);
    return this.open(this.numbers[flow.index], new FlowEndpoints(flow), flow.rolesKnown, undefined);
  }

  /** A connection that an input hands over ready-made. */
  openStream(info: StreamInfo): StreamSink {
    const number = this.streams.length;
    this.streams.push(new QuietStream(number));
    return this.open(number, { a: info.client, b: info.server, process: info.process }, info.rolesKnown, info);
  }

  /** Gives numbers to the first `count` flows of the network. */
  reserve(count: number): void {
    while (this.numbers.length < count) {
      this.numbers.push(this.streams.length);
      this.streams.push(new QuietStream(this.streams.length));
    }
  }

  /** Stream number of a flow of the network. */
  numberOf(flow: number): number {
    return this.numbers[flow];
  }

  private open(number: number, endpoints: Endpoints, rolesKnown: boolean, info: StreamInfo | undefined): StreamSink {
    const facts = connectionFacts(number, rolesKnown);
    this.streams[number] = { facts, endpoints, info, timed: info?.timed !== false, tls: undefined };
    const connection = new Connection(this, facts);
    return this.tap === undefined ? connection : new Tapped(connection, facts, this.tap);
  }

  detect(first: Uint8Array, second: Uint8Array, facts: ConnectionFacts, final: boolean): Verdict {
    return this.parts.detect(first, second, facts, this.streams[facts.stream], final);
  }

  openTls(facts: ConnectionFacts): StreamSink | undefined {
    const inner = new Connection(this, connectionFacts(facts.stream, true));
    return this.parts.openTls(this.streams[facts.stream], inner, this.tap);
  }
}

class Tapped implements StreamSink {
  private readonly to: StreamSink;
  private readonly facts: ConnectionFacts;
  private readonly tap: Tap;

  constructor(to: StreamSink, facts: ConnectionFacts, tap: Tap) {
    this.to = to;
    this.facts = facts;
    this.tap = tap;
  }

  data(dir: Dir, buf: Uint8Array, start: number, end: number, address: number): void {
    this.tap('tcp', this.facts.stream, dir, buf, start, end);
    this.to.data(dir, buf, start, end, address);
  }

  gap(dir: Dir, length: number): void {
    this.to.gap(dir, length);
  }

  end(dir: Dir, reason: EndReason): void {
    this.to.end(dir, reason);
  }
}

/** The pipeline's end of an input: packets go to the network stage, ready-made streams straight to connections. */
export interface PacketStage {
  packet(buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void;
  process(name: string | undefined): void;
}

export class Intake implements InputSink {
  readonly at: Arrival;
  packets = 0;
  private readonly pipeline: Pipeline;
  private readonly network: PacketStage;
  private readonly onSecrets: (kind: 'tls' | 'ssh' | 'wireguard' | 'other', bytes: Uint8Array) => void;
  private readonly onNote: (note: Note) => void;

  constructor(pipeline: Pipeline, network: PacketStage, onSecrets: Intake['onSecrets'], onNote: Intake['onNote']) {
    this.at = pipeline.at;
    this.pipeline = pipeline;
    this.network = network;
    this.onSecrets = onSecrets;
    this.onNote = onNote;
  }

  packet(buf: Uint8Array, start: number, end: number, address: number, wireLength: number, linkType: number, fcsLength: number): void {
    this.packets++;
    this.network.packet(buf, start, end, address, wireLength, linkType, fcsLength);
  }

  stream(info: StreamInfo): StreamSink {
    return this.pipeline.openStream(info);
  }

  secrets(kind: 'tls' | 'ssh' | 'wireguard' | 'other', bytes: Uint8Array): void {
    this.onSecrets(kind, bytes);
  }

  process(name: string | undefined): void {
    this.network.process(name);
  }

  note(note: Note): void {
    this.onNote(note);
  }
}
