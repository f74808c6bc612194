import type { StreamInfo } from '../core/input.ts';
import type { ConnectionFacts } from './connection.ts';

/** The two ends of a connection, as text: "10.0.0.1:51234", "[2001:db8::1]:5223". `a` opened it, or was seen first. */
export interface Endpoints {
  readonly a: string;
  readonly b: string;
  readonly process: string | undefined;
}

/** The ends of a connection that is known to the network stage alone: a flood of SYNs is not worth two texts each. */
export class FlowEndpoints implements Endpoints {
  private readonly flow: { readonly client: string; readonly server: string; readonly process: string | undefined };

  constructor(flow: FlowEndpoints['flow']) {
    this.flow = flow;
  }

  get a(): string {
    return this.flow.client;
  }

  get b(): string {
    return this.flow.server;
  }

  get process(): string | undefined {
    return this.flow.process;
  }
}

/** What is known of a TLS session on a connection; set once the handshake told. */
export interface TlsFacts {
  version?: string;
  suite?: string;
  sni?: string;
  alpn?: string;
  offeredAlpn?: readonly string[];
  clientRandom?: string;
  resumed?: boolean;
  /** Why application data stays encrypted, in words; undefined when it is decrypted. */
  undecrypted?: string;
  decrypted: boolean;
  /** Dialect number of the plaintext, once it is recognised. */
  inner?: number;
  records?: number;
  failed?: number;
}

/** One connection of the capture. There are few of them compared with packets and messages, so they are objects. */
export interface StreamRecord {
  readonly facts: ConnectionFacts;
  endpoints: Endpoints;
  /** For formats without packets: what they said. */
  readonly info: StreamInfo | undefined;
  readonly timed: boolean;
  tls: TlsFacts | undefined;
}

/** Client and server of a stream, with the roles as they turned out. */
export function peers(stream: StreamRecord): { client: string; server: string } {
  const { a, b } = stream.endpoints;
  return stream.facts.swapped ? { client: b, server: a } : { client: a, server: b };
}
