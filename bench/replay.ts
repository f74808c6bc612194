/**
 * What a replay costs against a bare Node loop that writes the same bytes joined, over TLS to one peer (issue 7;
 * PERFORMANCE.md G18): messages per CPU second of the sender, and whether memory grows over a million messages.
 *
 * Peer and senders are processes of their own. Product and reference alternate, the best of the rounds counts.
 * `tsx bench/replay.ts [rounds] [messages]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect, createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { gateway } from '../src/codec/gateway.ts';
import { Lab, stateDirectory } from '../src/emulator/index.ts';
import { DIAL_DEFAULTS, dial } from '../src/replay/dial.ts';
import { makePlan } from '../src/replay/plan.ts';
import { Replay } from '../src/replay/replay.ts';
import { selectRows } from '../src/replay/selection.ts';
import { openReading } from '../src/timeline/open.ts';
import { CaptureFile } from './capture-file.ts';
import { put16, put32, random } from './packets.ts';

const SELF = fileURLToPath(import.meta.url);
const DATA = fileURLToPath(new URL('data/', import.meta.url));
/** Bytes of TCP in a segment: what fits an Ethernet frame with timestamps. */
const SEGMENT = 1448;
const HEADERS = 54;
/** Joined into one write, as the replay does. */
const JOIN = 64 * 1024;
const KINDS = 1000;

interface Result {
  readonly cpu: number;
  readonly sent: number;
  /** Resident MB when a tenth was sent, and at the end. */
  readonly early?: number;
  readonly late?: number;
}

/** Notifications of about 300 bytes, as providers send them; identifiers are put in by the caller. */
function notifications(): Uint8Array[] {
  const next = random(7);
  return Array.from({ length: KINDS }, (_, i) => {
    const token = Uint8Array.from({ length: 32 }, () => Math.floor(next() * 256));
    const alert = `message ${i} ${'x'.repeat(150 + Math.floor(next() * 150))}`;
    const payload = new TextEncoder().encode(JSON.stringify({ aps: { alert, badge: i } }));
    return gateway.encode('notification', { token, payload, identifier: 0, expiry: 1_800_000_000, priority: 10 }, 0);
  });
}

/** Where the identifier stands: an item behind token and payload. */
function identifierAt(frame: Uint8Array): number {
  let at = 5;
  while (frame[at] !== 3) at += 3 + ((frame[at + 1] << 8) | frame[at + 2]);
  return at + 3;
}

/** One connection of so many notifications, cut where TCP cuts. */
function capture(messages: number): string {
  const path = `${DATA}gateway-${messages}.pcap`;
  if (existsSync(path)) return path;
  mkdirSync(DATA, { recursive: true });
  const file = new CaptureFile(path, 'pcap');
  const packet = new Uint8Array(HEADERS + SEGMENT);
  packet.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45]);
  packet[22] = 64;
  packet[23] = 6;
  packet.set([10, 0, 0, 1, 10, 0, 0, 2], 26);
  put16(packet, 34, 50_000);
  put16(packet, 36, 2195);
  packet[46] = 0x50;
  put16(packet, 48, 0xffff);
  let sequence = 1;
  let time = 0;
  const send = (flags: number, length: number): void => {
    put16(packet, 16, HEADERS - 14 + length);
    put32(packet, 38, sequence);
    packet[47] = flags;
    file.packet(packet, HEADERS + length, 1_790_000_000 + Math.floor(time / 1e6), (time % 1e6) * 1000);
    time += 100;
  };
  sequence = 0;
  send(0x02, 0);
  sequence = 1;
  const frames = notifications();
  const places = frames.map(identifierAt);
  let fill = 0;
  for (let i = 0; i < messages; i++) {
    const frame = frames[i % KINDS];
    put32(frame, places[i % KINDS], i);
    for (let at = 0; at < frame.length; ) {
      const size = Math.min(SEGMENT - fill, frame.length - at);
      packet.set(frame.subarray(at, at + size), HEADERS + fill);
      fill += size;
      at += size;
      if (fill < SEGMENT) break;
      send(0x18, fill);
      sequence = (sequence + fill) >>> 0;
      fill = 0;
    }
  }
  send(0x18, fill);
  file.close();
  return path;
}

const cpuSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** Reads and throws away. */
async function peer(): Promise<void> {
  const { certificate, key } = await (await Lab.open(stateDirectory())).server();
  const server = createTlsServer({ cert: certificate, key }, (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
}

async function bare(port: number, messages: number): Promise<Result> {
  const frames = notifications();
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  const before = process.cpuUsage();
  let buffer = Buffer.allocUnsafe(JOIN);
  let fill = 0;
  for (let i = 0; i < messages; i++) {
    const frame = frames[i % KINDS];
    if (fill + frame.length > JOIN) {
      const more = socket.write(buffer.subarray(0, fill));
      buffer = Buffer.allocUnsafe(JOIN);
      fill = 0;
      if (!more) await new Promise<void>((resolve) => socket.once('drain', () => resolve()));
    }
    buffer.set(frame, fill);
    fill += frame.length;
  }
  await new Promise<void>((resolve) => socket.end(buffer.subarray(0, fill), () => resolve()));
  return { cpu: cpuSeconds(before), sent: messages };
}

async function replay(port: number, messages: number): Promise<Result> {
  const reading = await openReading([capture(messages)], { keys: [], decodeAs: [], follow: false, expandPayloads: false });
  while (reading.step() !== 'done') await new Promise<void>((resolve) => setImmediate(resolve));
  const { timeline } = reading;
  const before = process.cpuUsage();
  const plan = makePlan(
    timeline,
    selectRows(timeline, { filter: undefined, numbers: undefined, streams: undefined, limit: undefined }),
    undefined,
  );
  const how = { ...DIAL_DEFAULTS, target: { host: '127.0.0.1', port }, address: '127.0.0.1', insecure: true };
  const run = new Replay({
    timeline,
    plan,
    target: 'the peer',
    open: (alpn, signal) => dial(how, alpn, signal),
    pace: { speed: Number.POSITIVE_INFINITY },
    peer: { quietMs: 100 },
  });
  let early = 0;
  const watch = setInterval(() => {
    if (early === 0 && run.ledger.sent > messages / 10) early = process.memoryUsage.rss();
  }, 5);
  const failure = await run.run(new AbortController().signal);
  clearInterval(watch);
  if (failure !== undefined) throw failure;
  const cpu = cpuSeconds(before);
  const late = process.memoryUsage.rss();
  if (run.ledger.counts.equal !== messages) throw new Error(`${run.ledger.counts.equal} of ${messages} are equal`);
  reading.close();
  return { cpu, sent: run.ledger.sent, early: early / 1e6, late: late / 1e6 };
}

function start(...args: string[]): { child: ChildProcess; first: Promise<unknown> } {
  const child = fork(SELF, args, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return { child, first: new Promise((resolve) => child.once('message', resolve)) };
}

async function main(rounds: number, messages: number): Promise<void> {
  capture(messages);
  const sink = start('peer');
  const port = (await sink.first) as number;
  const best: Record<string, Result[]> = { bare: [], replay: [] };
  for (let round = 0; round < rounds; round++)
    for (const kind of round % 2 === 0 ? ['bare', 'replay'] : ['replay', 'bare'])
      best[kind].push((await start(kind, String(port), String(messages)).first) as Result);
  sink.child.kill();
  const rate = (kind: string): number => Math.max(...best[kind].map(({ cpu, sent }) => sent / cpu));
  const show = (n: number): string => Math.round(n).toLocaleString('en-US');
  const [ours, reference] = [rate('replay'), rate('bare')];
  process.stdout.write(
    `${messages} messages, ${rounds} rounds: replay ${show(ours)} messages per CPU-s, bare loop ${show(reference)}, ratio ${(ours / reference).toFixed(2)} (goal >= 0.5)\n`,
  );
  for (const { early, late } of best['replay'])
    process.stdout.write(`resident MB after a tenth ${show(early ?? 0)}, at the end ${show(late ?? 0)}\n`);
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'peer') await peer();
else if (first === 'bare' || first === 'replay') {
  process.send?.(await (first === 'bare' ? bare : replay)(Number(rest[0]), Number(rest[1])), () => process.exit());
} else await main(Number(first ?? 3), Number(rest[0] ?? 1_000_000));
