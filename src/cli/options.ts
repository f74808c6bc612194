import { type Command, InvalidArgumentError } from 'commander';

/** Options of every command that reads captures. */
export interface ReadOptions {
  read?: string[];
  keys?: string[];
  keyPassword?: string;
  jwtKey?: string[];
  decodeAs?: string[];
  filter?: string;
  c2s?: string;
  s2c?: string;
  follow?: boolean;
  redact?: boolean;
  showSecrets?: boolean;
  color?: string | boolean;
}

export const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

export function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('it takes a whole number.');
  return Number(value);
}

const LAST_PORT = 0xffff;

export function portNumber(value: string): number {
  if (!/^\d+$/.test(value) || Number(value) > LAST_PORT) throw new InvalidArgumentError(`it takes a port, 0 to ${LAST_PORT}.`);
  return Number(value);
}

/** Adds what is common to all commands that read. */
export function withReading(command: Command): Command {
  return command
    .option('-r, --read <file>', 'capture to read, as in tshark (repeatable)', collect)
    .option('-Y, --filter <expression>', "only messages that match, e.g. 'apns.status != 0' (see docs/filters.md)")
    .option('-k, --keys <file>', 'key log, RSA private key or PKCS#12 file for TLS (repeatable)', collect)
    .option('--key-password <text>', 'password of the private key or PKCS#12 file')
    .option('--jwt-key <file>', 'key that checks the signatures of provider tokens: .p8 or public key (repeatable)', collect)
    .option('-d, --decode-as <rule>', 'choose the dialect, e.g. tcp.port==9000,courier (repeatable)', collect)
    .option('--c2s <file>', 'headerless bytes from the client')
    .option('--s2c <file>', 'headerless bytes from the server')
    .option('--follow', 'go on reading as the file grows')
    .option('--redact', 'replace tokens, addresses, certificates and payload text by stable pseudonyms')
    .option('--show-secrets', 'show credentials that are hidden otherwise')
    .option('--color <when>', 'auto, always or never')
    .option('--no-color', 'no colours');
}
