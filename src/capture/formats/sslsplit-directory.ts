import { basename, join } from 'node:path';
import type { Input, StreamInfo } from '../../core/input.ts';
import type { SpoolWriter } from '../../core/stream.ts';
import { pathStats } from '../path-stats.ts';
import type { Split } from './headerless.ts';
import { entries, isDirectory, LooseFile } from './loose-file.ts';
import { MixedInput, type Told } from './mixed.ts';
import { SequenceInput } from './sequence.ts';

/** `20261121T181214Z-10.0.0.1,35860-17.0.0.1,443.log`; colons of IPv6 addresses are written as underscores. */
const NAME = /^(\d{8}T\d{6}Z)-([0-9a-zA-Z._:%]+),(\d{1,5})-([0-9a-zA-Z._:%]+),(\d{1,5})\.log$/;

/** True when a file name is one that `sslsplit -S` gives. */
export function isSslsplitName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Opens what `sslsplit -S` wrote: a directory with one file a connection, or one such file. A file holds the bytes of both
 * directions as they came, without marks, so `split` tells them apart. The name gives the endpoints; the source is the client.
 */
export function openSslsplitDirectory(path: string, spool: SpoolWriter, split: Split | undefined): Input {
  if (!isDirectory(path)) return connection(path, spool, split);
  const paths = entries(path)
    .filter((name) => NAME.test(name))
    .map((name) => join(path, name));
  const size = paths.reduce((sum, file) => sum + (pathStats(file)?.size ?? 0), 0);
  const told: Told = { lost: false };
  return new SequenceInput(
    path,
    'sslsplit -S',
    paths.map((file) => () => connection(file, spool, split, told)),
    size,
  );
}

function connection(path: string, spool: SpoolWriter, split: Split | undefined, told?: Told): Input {
  return new MixedInput('sslsplit -S', new LooseFile(path), describe(basename(path)), split, spool, told);
}

function describe(name: string): StreamInfo {
  const m = NAME.exec(name);
  return {
    client: m ? endpoint(m[2], m[3]) : '',
    server: m ? endpoint(m[4], m[5]) : '',
    rolesKnown: false,
    timed: false,
    ordered: true,
    decrypted: true,
    label: `sslsplit -S, ${name}`,
  };
}

function endpoint(host: string, port: string): string {
  const address = host.replaceAll('_', ':');
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
