import { isPipe } from '../capture/pipe.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { count, utf8Bytes } from '../core/text.ts';
import { PacketExport, PlaintextExport } from '../export/pcapng.ts';
import { openReading, type Reading } from '../timeline/open.ts';
import { type ListOptions, runList } from './list.ts';
import { Output } from './output.ts';
import { inputFiles, openSession, type Session } from './session.ts';

export interface ExportOptions extends ListOptions {
  decrypted?: boolean;
}

/**
 * `apns-inspect export`: messages as records, or the capture as pcapng: its packets with the TLS secrets inside, or, with
 * --decrypted, plaintext TCP made anew. With a filter, the streams that hold a matching message.
 */
export async function runExport(files: string[], options: ExportOptions): Promise<number> {
  const format = options.format ?? (options.decrypted === true ? 'pcapng' : 'jsonl');
  if (format !== 'pcapng') {
    if (options.decrypted === true) throw new UserError('export', '--decrypted goes with --format pcapng.', EXIT.usage);
    return runList(files, { ...options, format });
  }
  if (options.redact === true)
    throw new UserError('export', '--redact cannot make packets anonymous; export records (--format jsonl) instead.', EXIT.usage);
  const paths = inputFiles(files, options);
  if (paths.some(isPipe) || options.follow === true)
    throw new UserError('export', 'pcapng export reads its input twice, so it needs files, not a pipe.', EXIT.usage);
  if (options.output === undefined && process.stdout.isTTY === true)
    throw new UserError('export', 'pcapng is binary; name a file with -o.', EXIT.usage);
  const session = await openSession(files, options);
  try {
    await session.load();
    const out = new Output(options.output);
    const wanted = wantedStreams(session);
    const packets =
      options.decrypted === true
        ? await writePlaintext(paths, session, wanted, out, options)
        : await writePackets(paths, session, wanted, out, options);
    out.close();
    session.report();
    if (options.output !== undefined) process.stderr.write(`${count(packets, 'packet')} written to ${options.output}\n`);
    return session.exit;
  } finally {
    session.close();
  }
}

function wantedStreams(session: Session): Set<number> | undefined {
  if (session.filter === undefined) return undefined;
  const { timeline } = session;
  const streams = new Set<number>();
  for (const row of session.filter.select(timeline, 0, timeline.length)) streams.add(timeline.rows.columns.stream(row));
  return streams;
}

async function writePackets(
  paths: string[],
  session: Session,
  wanted: Set<number> | undefined,
  out: Output,
  options: ExportOptions,
): Promise<number> {
  const secrets = session.reading.usedSecrets(wanted);
  const writer = new PacketExport((bytes) => out.bytes(bytes), utf8Bytes(secrets), wanted);
  const reading = await openReading(paths, {
    keys: [],
    decodeAs: options.decodeAs ?? [],
    follow: false,
    expandPayloads: false,
    keyStore: session.reading.keys,
    onPacket: (stream, buf, start, end, wireLength, linkType) => {
      const { sec, nsec } = reading.timeline.rows.at;
      writer.packet(stream, buf, start, end, wireLength, linkType, sec, nsec);
    },
  });
  await readAgain(reading, session);
  reading.close();
  return writer.packets;
}

async function writePlaintext(
  paths: string[],
  session: Session,
  wanted: Set<number> | undefined,
  out: Output,
  options: ExportOptions,
): Promise<number> {
  const writer = new PlaintextExport((bytes) => out.bytes(bytes), wanted, session.timeline);
  const reading = await openReading(paths, {
    keys: [],
    decodeAs: options.decodeAs ?? [],
    c2s: options.c2s,
    s2c: options.s2c,
    follow: false,
    expandPayloads: false,
    keyStore: session.reading.keys,
    tap: (level, stream, dir, buf, start, end) => writer.bytes(reading.timeline.rows.at, level, stream, dir, buf, start, end),
  });
  await readAgain(reading, session);
  writer.finish();
  reading.close();
  return writer.packets;
}

async function readAgain(reading: Reading, session: Session): Promise<void> {
  for (let state = reading.step(); state !== 'done' && !session.interrupted; state = reading.step()) {
    if (state === 'starved') await reading.ready();
  }
}
