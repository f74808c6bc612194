import { DIALECT, DIALECTS, type DialectName } from '../core/message.ts';

/** Who the two ends of a connection are. */
export interface Roles {
  readonly client: string;
  readonly server: string;
}

/** By dialect: what the client and the server are called. Direction 0 goes from the client. */
const ROLES: Partial<Readonly<Record<DialectName, Roles>>> = {
  courier: { client: 'device', server: 'courier' },
  'courier-packed': { client: 'device', server: 'courier' },
  'courier-ios4': { client: 'device', server: 'courier' },
  gateway: { client: 'provider', server: 'gateway' },
  feedback: { client: 'provider', server: 'feedback service' },
  http2: { client: 'provider', server: 'push service' },
  tls: { client: 'TLS client', server: 'TLS server' },
};

/** Who speaks on a connection of this dialect; undefined when the dialect is none of ours. */
export function rolesOf(dialect: number): Roles | undefined {
  return dialect === DIALECT.capture ? undefined : ROLES[DIALECTS[dialect]];
}
