import { ALL_DIALECTS, dialectByName } from '../codec/dialects.ts';
import type { Dialect } from '../core/dialect.ts';
import { EXIT, UserError } from '../core/errors.ts';
import type { Endpoints } from './streams.ts';

/** One rule of --decode-as: connections with this port, address or number speak this dialect (inside TLS, where there is TLS). */
export interface DecodeRule {
  matches(endpoints: Endpoints, stream: number): boolean;
  readonly dialect: Dialect | 'tls';
}

const FORM = 'write it as tcp.port==9000,courier (tcp.port, ip.addr or tcp.stream; ranges such as 9000-9010)';

/** Reads "tcp.port==9000,courier". Throws `UserError` with exit 2. */
export function parseDecodeRule(text: string): DecodeRule {
  const match = /^\s*([a-z.]+)\s*(?:==|=)\s*([^,]+?)\s*,\s*([a-z0-9-]+)\s*$/i.exec(text);
  if (match === null) throw new UserError('decode-as', `--decode-as "${text}" is no rule: ${FORM}.`, EXIT.usage);
  const [, field, value, name] = match;
  const dialect = name === 'tls' || name === 'ssl' ? 'tls' : dialectByName(name);
  if (dialect === undefined) {
    throw new UserError(
      'decode-as',
      `--decode-as names no dialect "${name}"; there are ${ALL_DIALECTS.map((d) => d.name).join(', ')} and tls.`,
      EXIT.usage,
    );
  }
  if (field === 'ip.addr' || field === 'ipv6.addr') return { dialect, matches: (e) => host(e.a) === value || host(e.b) === value };
  const range = /^(\d+)(?:-(\d+))?$/.exec(value);
  if ((field !== 'tcp.port' && field !== 'tcp.stream') || range === null) {
    throw new UserError('decode-as', `--decode-as "${text}" is no rule: ${FORM}.`, EXIT.usage);
  }
  const from = Number(range[1]);
  const to = range[2] === undefined ? from : Number(range[2]);
  const within = (n: number): boolean => n >= from && n <= to;
  if (field === 'tcp.stream') return { dialect, matches: (_, stream) => within(stream) };
  return { dialect, matches: (e) => within(port(e.a)) || within(port(e.b)) };
}

function host(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** Port of "10.0.0.1:5223"; 0 when there is none. */
export function port(endpoint: string): number {
  const n = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
  return Number.isInteger(n) ? n : 0;
}
