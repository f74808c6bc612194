import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CaptureFile } from './capture-file.ts';
import type { Counts, Shape } from './packets.ts';
import { writeTraffic } from './traffic.ts';

/** Where the captures lie; not in the repository. */
const DATA = fileURLToPath(new URL('data/', import.meta.url));

const plain = { network: 'ipv4', vlan: false, format: 'pcap' } as const;

/** The captures of the bench, by name. */
const SHAPES: readonly Shape[] = [
  { name: 'p1', megabytes: 1, connections: 20, concurrent: 20, ...plain },
  { name: 'p100', megabytes: 100, connections: 200, concurrent: 100, ...plain },
  { name: 'p1000', megabytes: 1000, connections: 2000, concurrent: 100, ...plain },
  { name: 'one100', megabytes: 100, connections: 1, concurrent: 1, ...plain },
  { name: 'many100', megabytes: 100, connections: 17_000, concurrent: 1000, ...plain },
  { name: 'ng1000', megabytes: 1000, connections: 2000, concurrent: 100, ...plain, format: 'pcapng' },
  { name: 'six1000', megabytes: 1000, connections: 2000, concurrent: 100, ...plain, network: 'ipv6' },
  { name: 'vlan1000', megabytes: 1000, connections: 2000, concurrent: 100, ...plain, vlan: true },
  { name: 'tls200', megabytes: 200, connections: 200, concurrent: 100, ...plain, tls: true },
  { name: 'tlv300k', messages: 300_000, connections: 100, concurrent: 50, ...plain },
  { name: 'packed300k', speech: 'packed', messages: 300_000, connections: 100, concurrent: 50, ...plain },
  { name: 'http2', speech: 'http2', messages: 200_000, connections: 10, concurrent: 10, ...plain },
];

/** Behind the name of a capture: the same, compressed. */
const GZIP = '.gz';

/** Path of a capture, of its key log, and what is in it; it is made when it is not there yet. */
export function capture(name: string): { readonly path: string; readonly keys: string; readonly counts: Counts } {
  if (name.endsWith(GZIP)) {
    const plain = capture(name.slice(0, -GZIP.length));
    const path = plain.path + GZIP;
    if (!existsSync(path)) writeFileSync(path, gzipSync(readFileSync(plain.path)));
    return { ...plain, path };
  }
  const shape = SHAPES.find((s) => s.name === name);
  if (shape === undefined) throw new Error(`no such capture: ${name}; there are ${SHAPES.map((s) => s.name).join(', ')}`);
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `${name}.${shape.format}`);
  const facts = `${path}.json`;
  const keys = `${path}.keys`;
  if (!existsSync(path) || !existsSync(facts)) {
    const file = new CaptureFile(path, shape.format);
    const { counts, keyLog } = writeTraffic(shape, file);
    file.close();
    if (shape.tls === true) writeFileSync(keys, keyLog);
    writeFileSync(facts, JSON.stringify(counts));
  }
  return { path, keys, counts: JSON.parse(readFileSync(facts, 'utf8')) as Counts };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  for (const name of names.length > 0 ? names : SHAPES.map((s) => s.name)) {
    const { path, counts } = capture(name);
    console.log(`${path}: ${counts.packets} packets, ${counts.connections} connections, ${counts.messages} messages`);
  }
}
