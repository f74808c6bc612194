/** What an emulator is started with. Everything has a default; ports are free ones unless given. */

import type { CourierSettings } from './courier/settings.ts';
import type { ServerName } from './event.ts';
import type { Rule } from './faults/rule.ts';
import type { GatewaySettings } from './gateway/peer.ts';

export type PortOptions = Partial<Record<ServerName, number | false>>;

export interface KeyOptions {
  /** Ten characters; the name of a file `AuthKey_<kid>.p8`. */
  readonly keyId: string;
  readonly teamId: string;
  /** PEM, private or public. */
  readonly pem: string;
  readonly topics?: readonly string[];
  readonly environment?: 'sandbox' | 'production';
  readonly revoked?: boolean;
  readonly related?: readonly string[];
}

export interface EmulatorOptions {
  /** Address to listen on; 127.0.0.1. The control API listens on the loopback whatever this says. */
  readonly host?: string;
  /** A port by server; 0 = any free one (the default), false = not started. */
  readonly ports?: PortOptions;
  readonly plaintext?: boolean;
  /** Where CA, keys and certificates are kept; the user's state directory by default. */
  readonly directory?: string;
  /** Further names and addresses for the server certificate. */
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  /** Certificate and key (PEM) of the servers, in place of those of the lab. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  readonly environment?: 'sandbox' | 'production';
  /** What to do with well-formed device tokens that nobody has. */
  readonly unknownTokens?: 'reject' | 'accept';
  /** How provider pushes wait for their device: one for each topic, as Apple does, or all. */
  readonly keep?: 'per-topic' | 'all';
  /** Provider keys beside the lab's. */
  readonly keys?: readonly KeyOptions[];
  /** Take provider tokens of keys that are not known. */
  readonly trustUnknownKeys?: boolean;
  readonly clientCertificates?: 'none' | 'any' | 'lab';
  readonly tokenUpdates?: 'connection' | 'address' | 'off';
  readonly tokenRate?: { readonly pushes: number; readonly seconds: number };
  readonly maxStreams?: number;
  readonly streamDance?: boolean;
  readonly badEnvironmentSpelling?: 'BadEnvironmentKeyIdInToken' | 'BadEnvironmentKeyInToken';
  readonly http2IdleTimeoutMs?: number;
  readonly broadcastApps?: readonly string[];
  readonly maxChannels?: number;
  readonly courier?: Partial<CourierSettings>;
  readonly gateway?: Partial<GatewaySettings>;
  /** Highest TLS version of gateway and feedback: 1.3 breaks clients of their time. */
  readonly legacyTlsMax?: 'TLSv1.2' | 'TLSv1.3';
  /** Seed of tokens, ids and faults. */
  readonly seed?: number;
  readonly rules?: readonly Rule[];
  /** Write the run as a pcapng file. */
  readonly capture?: string;
  /** Write every message as JSONL. */
  readonly log?: string;
  /** Time to start at, milliseconds since the epoch, and to stand still; real time by default. */
  readonly frozenAt?: number;
  /** Bearer token of the control API; random by default. */
  readonly controlToken?: string;
}

/** Ports of the command line: Apple's, and for the control API the next one. */
export const USUAL_PORTS: Readonly<Record<ServerName, number>> = {
  courier: 5223,
  gateway: 2195,
  feedback: 2196,
  http2: 2197,
  control: 2198,
};
