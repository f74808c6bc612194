import type { StreamInfo } from '../core/input.ts';
import type { ConnectionFacts } from './connection.ts';

/** The two ends of a connection, as text: "10.0.0.1:51234", "[2001:db8::1]:5223". `a` opened it, or was seen first. */
export interface Endpoints {
  readonly a: string;
  readonly b: string;
  readonly process: string | undefined;
  /** Their ports, where they are known without reading the texts. */
  readonly ports?: readonly [number, number];
}

/** What the network stage knows of the ends of a connection. */
export interface FlowEnds {
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly process: string | undefined;
}

/** The ends of a connection of the network stage. Most texts are never asked for: they are made when they are. */
export class FlowEndpoints implements Endpoints {
  private readonly flow: FlowEnds;
  private textA: string | undefined = undefined;
  private textB: string | undefined = undefined;

  constructor(flow: FlowEnds) {
    this.flow = flow;
  }

  get a(): string {
    this.textA ??= this.flow.client;
    return this.textA;
  }

  get b(): string {
    this.textB ??= this.flow.server;
    return this.textB;
  }

  get ports(): readonly [number, number] {
    return [this.flow.clientPort, this.flow.serverPort];
  }

  get process(): string | undefined {
    return this.flow.process;
  }
}

/** What is known of a TLS session on a connection; set once the handshake told. */
export interface TlsFacts {
  readonly version: string | undefined;
  readonly suite: string | undefined;
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  readonly offeredAlpn: readonly string[];
  readonly clientRandom: string | undefined;
  readonly resumed: boolean;
  /** Why application data stays encrypted, in words; undefined when it is decrypted. */
  readonly undecrypted: string | undefined;
  readonly decrypted: boolean;
  /** Dialect number of the plaintext, once it is recognised. */
  readonly inner: number | undefined;
  readonly records: number;
  readonly failed: number;
}

/** One connection of the capture. There are few of them compared with packets and messages, so they are objects. */
export interface StreamRecord {
  readonly facts: ConnectionFacts;
  readonly endpoints: Endpoints;
  /** For formats without packets: what they said. */
  readonly info: StreamInfo | undefined;
  readonly timed: boolean;
  tls: TlsFacts | undefined;
}

const NO_ENDPOINTS: Endpoints = { a: '', b: '', process: undefined };

/** A connection in which no byte was seen yet: a flood of SYNs makes hundreds of thousands. */
export class QuietStream implements StreamRecord {
  private flows: { flow(index: number): FlowEnds } | undefined = undefined;
  private flow = 0;
  private readonly stream: number;

  constructor(stream: number) {
    this.stream = stream;
  }

  /** Says which connection of the network stage this is, at the end of the capture. */
  place(flows: { flow(index: number): FlowEnds }, flow: number): void {
    this.flows = flows;
    this.flow = flow;
  }

  get facts(): ConnectionFacts {
    return connectionFacts(this.stream, false);
  }

  get endpoints(): Endpoints {
    return this.flows === undefined ? NO_ENDPOINTS : new FlowEndpoints(this.flows.flow(this.flow));
  }

  get tls(): undefined {
    return undefined;
  }

  get info(): undefined {
    return undefined;
  }

  get timed(): boolean {
    return true;
  }
}

/** Facts of a connection of which nothing more is known. */
export function connectionFacts(stream: number, rolesKnown: boolean): ConnectionFacts {
  return { stream, rolesKnown, swapped: false, dialect: 0, alpn: undefined, tls: false };
}

/** Client and server of a stream, with the roles as they turned out. */
export function peers(stream: StreamRecord): { client: string; server: string } {
  const { a, b } = stream.endpoints;
  return stream.facts.swapped ? { client: b, server: a } : { client: a, server: b };
}
