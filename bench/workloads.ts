import { fileURLToPath } from 'node:url';
import type { Counts } from './packets.ts';

/** One program to be measured. `FILE` in the arguments stands for the capture, `KEYS` for its key log. */
export interface Program {
  readonly name: string;
  readonly argv: readonly string[];
  /** Takes so long that one round must do. */
  readonly slow?: boolean;
  /** Looks at the output of a run before anything is timed; returns what is wrong with it. */
  readonly check?: (output: Output, counts: Counts) => string | undefined;
}

/** What a program wrote: its beginning, and how many lines it had. */
export interface Output {
  readonly head: string;
  readonly lines: number;
}

/** At most `most` times the CPU of the reference. */
interface Goal {
  readonly product: string;
  readonly reference: string;
  readonly most: number;
}

/** Programs that are measured in turns over the same capture. */
export interface Workload {
  readonly name: string;
  /** Name of the capture; programs may name another one as `FILE:name`. */
  readonly capture: string;
  readonly rounds: number;
  readonly programs: readonly Program[];
  readonly goals: readonly Goal[];
  /** Peak resident memory of the first program, at most, in MB. */
  readonly memory?: number;
  /** Packets that the first program takes in a second of processor time, at least. */
  readonly rate?: number;
}

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** How the product is called; the only place that knows. */
const PRODUCT = {
  index: [process.execPath, MAIN, 'stats', '--index-only', 'FILE'],
  list: [process.execPath, MAIN, 'list', 'FILE'],
  jsonl: [process.execPath, MAIN, 'list', '--format', 'jsonl', 'FILE'],
  help: [process.execPath, MAIN, '--help'],
  /** As behind `tcpdump -w -`: the writer is part of the cost. */
  pipe: ['bash', '-c', 'cat "$1" | exec "$2" "$3" stats --index-only -', 'bash', 'FILE', process.execPath, MAIN],
  pipeJsonl: ['bash', '-c', 'cat "$1" | exec "$2" "$3" list --format jsonl -', 'bash', 'FILE', process.execPath, MAIN],
  decrypt: [process.execPath, MAIN, 'stats', '--index-only', '-k', 'KEYS', 'FILE'],
  decryptedList: [process.execPath, MAIN, 'list', '-k', 'KEYS', 'FILE'],
  decryptedJsonl: [process.execPath, MAIN, 'list', '--format', 'jsonl', '-k', 'KEYS', 'FILE'],
};

const NODE: Program = { name: 'node -e 0', argv: [process.execPath, '-e', '0'] };
const CAT: Program = { name: 'cat', argv: ['cat', 'FILE'] };
const SHA: Program = { name: 'sha256sum', argv: ['sha256sum', 'FILE'] };
const TSHARK_INDEX: Program = {
  name: 'tshark fields',
  argv: ['tshark', '-r', 'FILE', '-T', 'fields', '-e', 'tcp.stream', '-e', 'tcp.len'],
  slow: true,
};
const TSHARK_LIST: Program = {
  name: 'tshark payload',
  argv: ['tshark', '-r', 'FILE', '-T', 'fields', '-e', 'frame.number', '-e', 'tcp.payload'],
};
/**
 * Segments in the order of their numbers, as we read them. As it comes, tshark gives up a direction at the first segment out of
 * order: of 100,039 requests it then lists 184.
 */
const IN_ORDER = ['-o', 'tcp.reassemble_out_of_order:TRUE'];
const PLACE = ['frame.number', 'frame.time_relative', 'ip.src', 'tcp.srcport', 'ip.dst', 'tcp.dstport'];
const fields = (...names: readonly string[]): string[] => ['-T', 'fields', ...[...PLACE, ...names].flatMap((name) => ['-e', name])];

/** Port 443 says TLS to tshark, so it is told what is there. */
const HTTP2 = ['tshark', '-r', 'FILE', '-d', 'tcp.port==443,http2', ...IN_ORDER];
/** What a row of our table tells: headers, and what is in the JSON. */
const TSHARK_HTTP2: Program = {
  name: 'tshark fields',
  argv: [
    ...[...HTTP2, '-Y', 'http2'],
    ...fields('http2.streamid', 'http2.length', 'http2.headers.path', 'http2.headers.status'),
    ...['-e', 'http2.header.name', '-e', 'http2.header.value', '-e', 'json.path_with_value', '-e', 'json.value.string'],
  ],
  slow: true,
};
const TSHARK_HTTP2_JSON: Program = { name: 'tshark json', argv: [...HTTP2, '-Y', 'http2', '-T', 'json', '-J', 'http2'], slow: true };
/** What it prints when nothing is asked for: the path or the status, no other header, nothing of the payload. */
const TSHARK_HTTP2_LINES: Program = { name: 'tshark', argv: HTTP2, slow: true };

const TLS = ['tshark', '-r', 'FILE', '-o', 'tls.keylog_file:KEYS', '-d', 'tcp.port==5223,tls', ...IN_ORDER];
/** Decrypts, and prints nothing of it. */
const TSHARK_TLS: Program = { name: 'tshark keys', argv: [...TLS, '-T', 'fields', '-e', 'tls.record.opaque_type'], slow: true };
/** The decrypted messages, which tshark can only show as hex. */
const TSHARK_TLS_DATA: Program = { name: 'tshark data', argv: [...TLS, ...fields('tls.record.opaque_type', 'data.data')], slow: true };
const TSHARK_TLS_JSON: Program = { name: 'tshark json', argv: [...TLS, '-T', 'json', '-J', 'tls data'], slow: true };

/** Messages as the product counts them, in "1,515,729 messages" or "1515729 messages". */
const indexed: Program['check'] = ({ head }, { messages }) => {
  const found = /([\d,]+)\s+messages/.exec(head)?.[1];
  return Number(found?.replaceAll(',', '')) === messages ? undefined : `${found ?? 'no'} messages, expected ${messages}`;
};

/** One line a message. */
const exported: Program['check'] = ({ lines }, { messages }) => (lines === messages ? undefined : `${lines} lines, expected ${messages}`);
/** One line a message and a heading. */
const listed: Program['check'] = ({ lines }, { messages }) =>
  lines >= messages && lines <= messages + 4 ? undefined : `${lines} lines, expected ${messages}`;

const index = (name: string, capture?: string): Program => ({
  name,
  argv: capture === undefined ? PRODUCT.index : PRODUCT.index.map((word) => (word === 'FILE' ? `FILE:${capture}` : word)),
  check: indexed,
});

/** What issue 2 promises, on 1 GB, and what a small file must cost. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: 'help',
    capture: 'p1',
    rounds: 15,
    programs: [{ name: 'help', argv: PRODUCT.help }, NODE],
    goals: [{ product: 'help', reference: NODE.name, most: 1.2 }],
  },
  {
    name: 'list',
    capture: 'p1',
    rounds: 15,
    programs: [{ name: 'list', argv: PRODUCT.list, check: listed }, NODE, TSHARK_LIST],
    goals: [
      { product: 'list', reference: NODE.name, most: 1.6 },
      { product: 'list', reference: TSHARK_LIST.name, most: 0.45 },
    ],
  },
  {
    name: 'index',
    capture: 'p1000',
    rounds: 7,
    programs: [index('index'), CAT, SHA, TSHARK_INDEX],
    goals: [
      { product: 'index', reference: CAT.name, most: 8 },
      { product: 'index', reference: SHA.name, most: 0.4 },
      { product: 'index', reference: TSHARK_INDEX.name, most: 1 / 60 },
    ],
    memory: 130,
  },
  {
    name: 'jsonl',
    capture: 'p1000',
    rounds: 5,
    programs: [{ name: 'jsonl', argv: PRODUCT.jsonl, check: exported }, SHA],
    goals: [{ product: 'jsonl', reference: SHA.name, most: 1.3 }],
  },
  {
    name: 'variants',
    capture: 'p1000',
    rounds: 5,
    programs: [index('pcap'), index('pcapng', 'ng1000'), index('IPv6', 'six1000'), index('VLAN', 'vlan1000')],
    goals: ['pcapng', 'IPv6', 'VLAN'].map((product) => ({ product, reference: 'pcap', most: 1.3 })),
  },
  {
    name: 'shapes',
    capture: 'p100',
    rounds: 7,
    programs: [index('100 MB'), index('one flow', 'one100'), index('many flows', 'many100')],
    goals: [
      { product: 'one flow', reference: '100 MB', most: 1.15 },
      { product: 'many flows', reference: '100 MB', most: 1.9 },
    ],
  },
  {
    name: 'gzip',
    capture: 'p100',
    rounds: 5,
    programs: [
      index('gzip', 'p100.gz'),
      {
        name: 'gunzip, plain',
        argv: ['bash', '-c', 'gunzip -c "$1" >/dev/null; shift; exec "$@"', 'bash', 'FILE:p100.gz', ...PRODUCT.index],
        check: indexed,
      },
    ],
    goals: [{ product: 'gzip', reference: 'gunzip, plain', most: 1.3 }],
  },
  {
    name: 'pipe',
    capture: 'p100',
    rounds: 5,
    programs: [
      { name: 'pipe', argv: PRODUCT.pipe, check: indexed },
      { name: 'pipe to jsonl', argv: PRODUCT.pipeJsonl, check: exported },
      index('file'),
    ],
    goals: [],
    rate: 100_000,
  },
  {
    name: 'http2',
    capture: 'http2',
    rounds: 5,
    programs: [
      { name: 'list', argv: PRODUCT.list, check: listed },
      { name: 'jsonl', argv: PRODUCT.jsonl, check: exported },
      index('index'),
      TSHARK_HTTP2,
      TSHARK_HTTP2_JSON,
      TSHARK_HTTP2_LINES,
    ],
    goals: [
      { product: 'list', reference: TSHARK_HTTP2.name, most: 0.1 },
      { product: 'jsonl', reference: TSHARK_HTTP2_JSON.name, most: 0.1 },
      { product: 'index', reference: TSHARK_HTTP2.name, most: 0.1 },
    ],
    memory: 130,
  },
  {
    name: 'packed',
    capture: 'packed300k',
    rounds: 7,
    programs: [index('packed'), index('TLV', 'tlv300k')],
    goals: [{ product: 'packed', reference: 'TLV', most: 1.5 }],
  },
  {
    name: 'tls',
    capture: 'tls200',
    rounds: 3,
    programs: [
      { name: 'list', argv: PRODUCT.decryptedList, check: listed },
      { name: 'jsonl', argv: PRODUCT.decryptedJsonl, check: exported },
      { name: 'index', argv: PRODUCT.decrypt, check: indexed },
      TSHARK_TLS,
      TSHARK_TLS_DATA,
      TSHARK_TLS_JSON,
    ],
    goals: [
      { product: 'list', reference: TSHARK_TLS_DATA.name, most: 1 / 5 },
      { product: 'jsonl', reference: TSHARK_TLS_JSON.name, most: 1 / 5 },
      { product: 'index', reference: TSHARK_TLS.name, most: 1 / 7 },
    ],
    memory: 150,
  },
  {
    name: 'tls-sealed',
    capture: 'tls200',
    rounds: 7,
    programs: [{ name: 'index', argv: PRODUCT.index }, CAT],
    goals: [{ product: 'index', reference: CAT.name, most: 10 }],
  },
];
