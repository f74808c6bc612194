import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { OpenInputOptions } from '../capture/format.ts';
import { KeyLogFollower, readKeyFile } from '../capture/keylog.ts';
import { MergedInput } from '../capture/merged.ts';
import { openInput } from '../capture/open.ts';
import { openPair } from '../capture/pair.ts';
import { scanSecrets } from '../capture/pcapng-secrets.ts';
import { isPipe } from '../capture/pipe.ts';
import { Store } from '../capture/store.ts';
import { EXIT, UserError } from '../core/errors.ts';
import type { Input, InputState } from '../core/input.ts';
import { DIALECT } from '../core/message.ts';
import { type Arrival, SOURCE_SPAN } from '../core/stream.ts';
import { count, printable } from '../core/text.ts';
import { SKIP_REASONS } from '../net/layer.ts';
import { linkTypeName } from '../net/links/names.ts';
import { Network } from '../net/network.ts';
import { noteDef } from '../schema/notes.ts';
import type { TlsConnection } from '../tls/connection.ts';
import { decodeTls } from '../tls/decode.ts';
import { looksLikeTls } from '../tls/detect.ts';
import { glanceTls } from '../tls/glance.ts';
import { TlsKeys } from '../tls/keys.ts';
import type { SessionSummary } from '../tls/sessions.ts';
import { Analysis } from './analysis.ts';
import type { Connection } from './connection.ts';
import { type DecodeRule, parseDecodeRule } from './decode-as.ts';
import { makeDecoders } from './decoders.ts';
import { Intake, type PacketStage, Pipeline, type Tap } from './pipeline.ts';
import { Places } from './places.ts';
import { Provenance } from './provenance.ts';
import { recognise } from './recognition.ts';
import { dropRows } from './ring.ts';
import { Rows } from './rows.ts';
import { guessSide, splitDirections } from './split-directions.ts';
import { QuietStream, type StreamRecord } from './streams.ts';
import { Timeline } from './timeline.ts';
import { TlsStreams } from './tls-streams.ts';

export interface ReadingOptions {
  readonly keys: readonly string[];
  readonly keyPassword?: string | undefined;
  readonly decodeAs: readonly string[];
  readonly c2s?: string | undefined;
  readonly s2c?: string | undefined;
  readonly follow: boolean;
  readonly tap?: Tap | undefined;
  /** Sees every packet, with the number of its stream (-1: none), while it is indexed. */
  readonly onPacket?: PacketTap | undefined;
  readonly expandPayloads: boolean;
  /** Keys read before, used again. */
  readonly keyStore?: TlsKeys | undefined;
}

/** A packet on its way in; the arrival is that of the timeline's rows. */
export type PacketTap = (stream: number, buf: Uint8Array, start: number, end: number, wireLength: number, linkType: number) => void;

/** What the network stage counted of a stream; zeros for inputs without packets. */
export interface StreamCounters {
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly holes: readonly [readonly { offset: number; length: number }[], readonly { offset: number; length: number }[]];
  readonly notes: readonly string[];
}

/** Time between looks at a growing key log while no packets come. */
const KEY_LOG_PAUSE_MS = 250;
/** Time between looks at segments that wait for missing ones while no packets come. */
const HELD_PAUSE_MS = 2000;

/** Largest output of a gzip member inside a payload: messages have 16 KiB at most, and text packs about ten to one. */
const INFLATE_LIMIT = 1024 * 1024;

function inflate(bytes: Uint8Array, maxOutput: number): Uint8Array | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.min(maxOutput, INFLATE_LIMIT) });
  } catch {
    return undefined;
  }
}

/** An input on its way into a timeline. `step` until it is done; then everything can be looked at. */
export class Reading {
  readonly timeline: Timeline;
  readonly keys: TlsKeys;
  private readonly tls: TlsStreams;
  private readonly input: Input;
  private readonly store: Store;
  private readonly network: Network;
  private readonly pipeline: Pipeline;
  private readonly intake: Intake;
  private readonly rules: readonly DecodeRule[];
  private readonly origins: Provenance;
  private readonly places = new Places();
  /** IP datagrams that were put together, and their fragments. */
  private readonly datagrams = new Places();
  /** Number in the network stage of the connection that is this stream. */
  private readonly flowOf: number[] = [];
  private readonly paths: readonly string[];
  /** Pipes and growing files: packets, and the secrets to decrypt them, are still coming. */
  private readonly live: boolean;
  private readonly followers: KeyLogFollower[] = [];
  private finished = false;

  constructor(input: (store: Store) => Input, options: ReadingOptions, keys: TlsKeys, paths: readonly string[]) {
    this.paths = paths;
    this.live = options.follow || paths.some(isPipe) || paths.length === 0;
    if (this.live) this.followers = options.keys.map((path) => new KeyLogFollower(path));
    this.rules = options.decodeAs.map(parseDecodeRule);
    this.keys = keys;
    this.tls = new TlsStreams(keys);
    this.store = new Store();
    const at: Arrival = { packet: 0, sec: Number.NaN, nsec: 0 };
    const rows = new Rows(at, this.store.spool);
    this.pipeline = new Pipeline(
      rows,
      at,
      {
        detect: (first, second, facts, record, final) => recognise(this.rules, looksLikeTls, first, second, facts, record, final),
        openTls: (record, plaintext, tap) => this.openTls(record, plaintext, tap),
      },
      options.tap,
    );
    this.network = new Network({
      at,
      store: this.store,
      spool: this.store.spool,
      origins: { add: (spool, length, from) => this.datagrams.add(spool, length, from, length) },
      connections: { open: (flow) => this.pipeline.openFlow(flow) },
    });
    this.timeline = new Timeline(
      rows,
      this.store,
      this.pipeline.streams,
      makeDecoders({
        inflate,
        tls: decodeTls,
        glanceTls,
        expandPayloads: options.expandPayloads,
        seenTopics: rows.topics.values,
        sha1: (bytes) => createHash('sha1').update(bytes).digest(),
      }),
    );
    this.timeline.analysis = new Analysis(this.timeline);
    this.origins = new Provenance(this.timeline, this.store, this.places, this.datagrams, paths);
    this.timeline.linkHeader = (row) => this.origins.linkHeader(row);
    this.timeline.search = (hay, needle, from) => Buffer.prototype.indexOf.call(hay, needle, from);
    this.intake = new Intake(
      this.pipeline,
      options.onPacket === undefined ? this.network : this.watched(options.onPacket),
      (kind, bytes) => {
        if (kind === 'tls') this.keys.addKeyLog(bytes);
      },
      (note) => {
        this.timeline.notes.push(note);
      },
    );
    try {
      this.input = input(this.store);
    } catch (error) {
      this.store.close();
      throw error;
    }
  }

  private watched(tap: PacketTap): PacketStage {
    const { network, pipeline } = this;
    return {
      packet(buf, start, end, address, wireLength, linkType, fcsLength) {
        const flow = network.streamOf(() => network.packet(buf, start, end, address, wireLength, linkType, fcsLength));
        if (flow >= 0) pipeline.reserve(flow + 1);
        tap(flow < 0 ? -1 : pipeline.numberOf(flow), buf, start, end, wireLength, linkType);
      },
      process: (name) => network.process(name),
    };
  }

  get position(): number {
    return this.input.position;
  }

  get size(): number | undefined {
    return this.input.size;
  }

  /** Reads one slice. */
  step(): InputState {
    if (this.finished) return 'done';
    const state = this.input.step(this.intake);
    this.timeline.packets = this.intake.packets;
    if (this.followers.length > 0) this.pollKeys();
    if (state === 'done') this.finish();
    else if (state === 'starved' && this.live) this.network.idle(performance.now());
    return state;
  }

  /** Resolves when there may be more, or it is time to look again: at key logs that grow, at segments that wait. */
  async ready(): Promise<void> {
    const pause = this.followers.length > 0 ? KEY_LOG_PAUSE_MS : this.live && this.network.waits ? HELD_PAUSE_MS : 0;
    if (pause === 0) return this.input.ready();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, pause);
    });
    await Promise.race([this.input.ready(), again]);
    clearTimeout(timer);
  }

  /** Takes what was added to the key logs since the last look; connections that wait for keys are tried again. */
  private pollKeys(): void {
    let secrets = 0;
    for (const follower of this.followers) secrets += this.keys.addKeyLog(follower.poll()).secrets;
    if (secrets > 0) this.tls.keysAdded();
  }

  /** Ends the reading here: what has been read is all there is. */
  stop(): void {
    this.finish();
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.network.finish();
    const { count: flows } = this.network;
    this.pipeline.reserve(flows);
    for (let flow = 0; flow < flows; flow++) {
      const number = this.pipeline.numberOf(flow);
      this.flowOf[number] = flow;
      const record = this.pipeline.streams[number];
      if (record instanceof QuietStream) record.place(this.network, flow);
    }
    this.refreshTls();
    this.timeline.complete = true;
  }

  /** Brings the facts of TLS connections in the table of streams up to date. */
  refreshTls(): void {
    this.tls.refresh();
  }

  private openTls(record: StreamRecord, plaintext: Connection, tap: Tap | undefined): TlsConnection {
    if (this.tls.count === 0) this.scanForSecrets();
    const waits = { live: this.live, growing: this.followers.length > 0 };
    return this.tls.open(record, plaintext, tap, this.timeline.rows, this.pipeline.at, this.places, waits);
  }

  /** A pcapng file may carry its secrets behind the traffic; they are looked for once the first TLS connection shows up. */
  private scanForSecrets(): void {
    for (const path of this.paths) {
      if (isPipe(path)) continue;
      try {
        scanSecrets(this.store.addFile(path), (kind, bytes) => {
          if (kind === 'tls') this.keys.addKeyLog(bytes);
        });
      } catch (error) {
        // A directory of streams has no blocks.
        if (!(error instanceof UserError)) throw error;
      }
    }
  }

  /** The TLS sessions of the capture, with what is known of their keys. */
  tlsSessions(): SessionSummary[] {
    return this.tls.sessions();
  }

  /** How many TLS streams are in which state, in words. */
  tlsSummary(): { readonly streams: number; readonly state: string }[] {
    return this.tls.summary();
  }

  /** Key log lines for the sessions of these streams (undefined: of all), as text. */
  usedSecrets(streams: ReadonlySet<number> | undefined): string {
    return this.tls.usedSecrets(streams);
  }

  // --- what is known of the whole ------------------------------------------------------------------------------

  counters(stream: number): StreamCounters {
    const flow = this.flowOf[stream];
    if (flow === undefined) return { packets: [0, 0], bytes: this.rowBytes(stream), holes: [[], []], notes: [] };
    const s = this.network.summary(flow);
    const notes = s.notes.map(
      ({ dir, note }) =>
        `${dir === 0 ? 'a to b' : 'b to a'}: ${noteDef(note.code)?.sentence ?? note.code}${note.detail === undefined ? '' : ` (${note.detail})`}`,
    );
    return { packets: [s.ab.packets, s.ba.packets], bytes: [s.ab.bytes, s.ba.bytes], holes: [s.ab.holes, s.ba.holes], notes };
  }

  /** Bytes by direction of a stream without packets: what its rows hold. */
  private rowBytes(stream: number): [number, number] {
    const columns = this.timeline.rows.columns;
    const bytes: [number, number] = [0, 0];
    const swapped = this.pipeline.streams[stream].facts.swapped ? 1 : 0;
    for (let row = 0; row < columns.rows; row++) {
      if (columns.stream(row) === stream && columns.type(row) !== DIALECT.capture * 256 + 1)
        bytes[columns.dir(row) ^ swapped] += columns.length(row);
    }
    return bytes;
  }

  /** What a user wants to know of a stream beside its numbers. */
  streamInfo(stream: number): string {
    const record = this.pipeline.streams[stream];
    const parts: string[] = [];
    const tls = record.tls;
    if (tls !== undefined) {
      if (tls.version !== undefined) parts.push(tls.version);
      if (tls.sni !== undefined) parts.push(`SNI ${this.timeline.host(tls.sni)}`);
      if (tls.alpn !== undefined) parts.push(`ALPN ${tls.alpn}`);
      if (tls.undecrypted !== undefined) parts.push(`not decrypted: ${tls.undecrypted}`);
    }
    if (record.info !== undefined) parts.push(record.info.label);
    if (!record.timed) parts.push('no times');
    return parts.join(', ');
  }

  /** Sentences about the input as a whole: damage, unsupported link types, packets left out. */
  complaints(): string[] {
    const out: string[] = [];
    for (const n of this.timeline.notes) {
      if (n.severity === 'info') continue;
      out.push(`${this.input.name}: ${noteDef(n.code)?.sentence ?? n.code}${n.detail === undefined ? '' : ` (${n.detail})`}`);
    }
    for (const [type, packets] of this.network.unsupported) {
      out.push(`${this.input.name}: unsupported link type ${type} (${linkTypeName(type)}), ${count(packets, 'packet')} left out`);
    }
    const { cut } = this.network;
    if (cut > 0)
      out.push(
        `${this.input.name}: packets of ${count(cut, 'stream')} were cut short as they were captured; tcpdump -s 0 keeps them whole`,
      );
    const { malformed, unfollowed } = this.network;
    if (malformed > 0) out.push(`${this.input.name}: ${count(malformed, 'packet')} left out: TCP header cut off or malformed`);
    if (unfollowed > 0) out.push(`${this.input.name}: ${count(unfollowed, 'packet')} left out: too many connections`);
    SKIP_REASONS.forEach((why, index) => {
      const packets = this.network.skips[index];
      if (packets > 0) out.push(`${this.input.name}: ${count(packets, 'packet')} left out: ${why}`);
    });
    const { incomplete, conflicts } = this.network.datagrams;
    if (incomplete > 0) out.push(`${this.input.name}: ${count(incomplete, 'IP datagram')} with missing fragments`);
    if (conflicts > 0) out.push(`${this.input.name}: ${count(conflicts, 'IP fragment')} left out: the bytes that came first differ`);
    return out;
  }

  /** Where a row's bytes came from, as lines: packet numbers and file offsets, through TLS records where there are some. */
  provenance(row: number): string[] {
    return this.origins.lines(row);
  }

  /** The TLS record that the first byte of a row was decrypted from, as it was on the wire; undefined when it was not. */
  tlsRecord(row: number): Uint8Array | undefined {
    return this.origins.tlsRecord(row);
  }

  /** Lets the rows before `row` go: the others keep their numbers, and memory and temporary files are given back in chunks. */
  drop(row: number): void {
    dropRows(this.timeline, row, (address) => {
      this.store.release(address);
      if (address >= SOURCE_SPAN) return;
      this.places.drop(address);
      this.datagrams.drop(address);
    });
  }

  close(): void {
    for (const follower of this.followers) follower.close();
    this.input.close();
    this.store.close();
  }
}

/** Reads the key files of a run, and $SSLKEYLOGFILE. Throws `UserError`. */
function readKeys(options: ReadingOptions): TlsKeys {
  const keys = new TlsKeys();
  for (const path of options.keys) {
    const found = keys.add(readKeyFile(path), path, options.keyPassword);
    // A key log that is still empty may grow while a live capture runs.
    if (found.secrets === 0 && !options.follow) {
      process.stderr.write(
        `apns-inspect: ${printable(path)} holds no TLS secret or private key${found.ignored > 0 ? ` (${count(found.ignored, 'line')} of something else)` : ''}\n`,
      );
    }
  }
  const environment = process.env['SSLKEYLOGFILE'];
  if (environment !== undefined && environment !== '' && existsSync(environment)) keys.addKeyLog(readKeyFile(environment));
  return keys;
}

/** Opens the inputs of a command. Throws `UserError` with one sentence when that is not possible. */
export async function openReading(paths: readonly string[], options: ReadingOptions): Promise<Reading> {
  const pair = options.c2s !== undefined || options.s2c !== undefined;
  if (pair && paths.length > 0) throw new UserError('pair', 'give either captures or --c2s and --s2c, not both.', EXIT.usage);
  if (pair && options.c2s === options.s2c) throw new UserError('pair', '--c2s and --s2c name the same file.', EXIT.usage);
  const keys = options.keyStore ?? readKeys(options);
  const inputOptions: OpenInputOptions = { follow: options.follow, split: splitDirections, guessDirection: guessSide };
  return new Reading(
    (store) => {
      if (pair) return openPair(options.c2s, options.s2c, store);
      const inputs = paths.map((path) => openInput(path, store, inputOptions));
      return inputs.length === 1 ? inputs[0] : new MergedInput(inputs, store);
    },
    options,
    keys,
    paths,
  );
}
