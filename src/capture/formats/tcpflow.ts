import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Input } from '../../core/input.ts';
import type { SpoolWriter } from '../../core/stream.ts';
import { pathStats } from '../path-stats.ts';
import { type FlowTimes, reportTimes } from './dfxml.ts';
import { HeaderlessInput, type Side } from './headerless.ts';
import { entries, isDirectory, LooseFile, smallText } from './loose-file.ts';
import { SequenceInput } from './sequence.ts';

/** A report is about 500 bytes a flow. */
const REPORT_LIMIT = 64 << 20;
/**
 * `127.000.000.001.35860-127.000.000.001.22195`, optionally with the start time in front (`1795284777T`), a VLAN (`--42`)
 * and the number of the connection behind (`c1`). IPv6 addresses are written in full or short form.
 */
const NAME =
  /^(?:(\d{1,12})T)?(\d{3}(?:\.\d{3}){3}|[0-9a-f]*:[0-9a-f:.]+)\.(\d{5})-(\d{3}(?:\.\d{3}){3}|[0-9a-f]*:[0-9a-f:.]+)\.(\d{5})(--\d+)?(c\d+)?$/i;

interface FlowFile {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** What both directions of a connection have in common besides the endpoints. */
  readonly suffix: string;
  readonly times: FlowTimes | undefined;
}

/** True when a file name is one that tcpflow gives. */
export function isTcpflowName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Opens what tcpflow wrote: a directory, or one file, whose other direction is looked for beside it. Both directions of a
 * connection are found by name, times by `report.xml`: they are those of each direction's first and last packet, so all bytes of
 * a direction carry its first time, and the two directions are not ordered against each other. Who began first is taken for the first side.
 */
export function openTcpflow(path: string, spool: SpoolWriter): Input {
  const directory = isDirectory(path) ? path : dirname(path);
  const report = smallText(join(directory, 'report.xml'), REPORT_LIMIT);
  const times = report === undefined ? new Map<string, FlowTimes>() : reportTimes(report);
  const files = new Map<string, FlowFile>();
  for (const name of directory === path ? entries(path) : beside(path)) {
    const file = describe(directory, name, times);
    if (file) files.set(`${file.from} ${file.to} ${file.suffix}`, file);
  }
  const pairs = pair(files);
  if (directory !== path) return open(pairs.find((both) => both.some((file) => basename(file.path) === basename(path))) ?? [], spool);
  const size = pairs.flat().reduce((sum, file) => sum + (pathStats(file.path)?.size ?? 0), 0);
  return new SequenceInput(
    path,
    'tcpflow',
    pairs.map((both) => () => open(both, spool)),
    size,
  );
}

/** The names beside a file that could be its other direction: those with the same endpoints. */
function beside(path: string): string[] {
  const own = basename(path);
  const m = NAME.exec(own);
  try {
    return m
      ? readdirSync(dirname(path)).filter(
          (name) => name === own || (name.includes(`${m[4]}.${m[5]}-`) && name.includes(`-${m[2]}.${m[3]}`)),
        )
      : [own];
  } catch {
    return [own];
  }
}

function describe(directory: string, name: string, times: ReadonlyMap<string, FlowTimes>): FlowFile | undefined {
  const m = NAME.exec(name);
  if (!m) return undefined;
  const start = m[1] === undefined ? undefined : { start: { sec: Number(m[1]), nsec: 0 }, end: undefined };
  return {
    path: join(directory, name),
    from: endpoint(m[2], m[3]),
    to: endpoint(m[4], m[5]),
    suffix: `${m[6] ?? ''}${m[7] ?? ''}`,
    times: times.get(name) ?? start,
  };
}

/** Connections in order of their first time, those without time last; in each the direction that began first comes first. */
function pair(files: ReadonlyMap<string, FlowFile>): FlowFile[][] {
  const pairs: FlowFile[][] = [];
  const taken = new Set<FlowFile>();
  for (const file of files.values()) {
    if (taken.has(file)) continue;
    const other = files.get(`${file.to} ${file.from} ${file.suffix}`);
    const both = other && other !== file ? [file, other].sort(byStart) : [file];
    for (const one of both) taken.add(one);
    pairs.push(both);
  }
  return pairs.sort((a, b) => byStart(a[0], b[0]));
}

function byStart(a: FlowFile, b: FlowFile): number {
  const [x, y] = [a.times?.start, b.times?.start];
  if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
  return x.sec - y.sec || x.nsec - y.nsec;
}

function open(both: readonly FlowFile[], spool: SpoolWriter): Input {
  const [first] = both;
  const sides: Side[] = both.map((file, i) => ({
    source: new LooseFile(file.path),
    dir: i === 0 ? 0 : 1,
    from: file.times?.start,
    to: file.times?.end,
  }));
  const info = {
    client: first?.from ?? '',
    server: first?.to ?? '',
    rolesKnown: false,
    timed: both.some((file) => file.times !== undefined),
    ordered: both.length < 2,
    decrypted: false,
    label: `tcpflow, ${first ? basename(first.path) : 'no file'}`,
  };
  return new HeaderlessInput('tcpflow', sides, info, spool);
}

/** "127.000.000.001" and "35860" as "127.0.0.1:35860". */
function endpoint(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${Number(port)}` : `${host.split('.').map(Number).join('.')}:${Number(port)}`;
}
