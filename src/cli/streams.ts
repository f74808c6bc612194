import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { openSession, type Session } from './session.ts';
import { StreamingTable } from './table.ts';

export interface StreamsOptions extends ReadOptions {
  json?: boolean;
}

/** `apns-inspect streams FILE`: the TCP streams with peers, packets, bytes, holes, dialect. */
export async function runStreams(files: string[], options: StreamsOptions): Promise<number> {
  const session = await openSession(files, { ...options, hashes: options.json === true });
  try {
    await session.load();
    const out = new Output(undefined);
    if (options.json === true) out.line(JSON.stringify(streamsObject(session)));
    else table(session, out);
    out.close();
    session.report();
    return session.exit;
  } finally {
    session.close();
  }
}

/** The documented object: hashes are over all reassembled bytes that the capture holds in a direction, holes skipped. */
export function streamsObject(session: Session): object {
  const { timeline } = session;
  const streams = session.streamSummaries().map((s) => ({
    stream: s.stream,
    a: timeline.host(s.a),
    b: timeline.host(s.b),
    client: s.client,
    dialect: s.dialect,
    messages: s.messages,
    a_to_b_packets: s.packets[0],
    b_to_a_packets: s.packets[1],
    a_to_b_bytes: s.bytes[0],
    ...(s.hashes === undefined ? {} : { a_to_b_sha256: s.hashes[0] }),
    b_to_a_bytes: s.bytes[1],
    ...(s.hashes === undefined ? {} : { b_to_a_sha256: s.hashes[1] }),
    a_to_b_holes: s.holes[0],
    b_to_a_holes: s.holes[1],
    ...(s.process === undefined ? {} : { process: s.process }),
    notes: s.notes,
    ...(s.tls === undefined ? {} : { tls: s.tls }),
  }));
  return { v: 1, packets: timeline.packets, streams };
}

function table(session: Session, out: Output): void {
  const table = new StreamingTable(
    [
      { title: 'Stream', align: 'right', max: 8 },
      { title: 'Client', align: 'left', max: 47 },
      { title: 'Server', align: 'left', max: 47 },
      { title: 'Dialect', align: 'left', max: 20 },
      { title: 'Messages', align: 'right', max: 10 },
      { title: 'Packets →', align: 'right', max: 10 },
      { title: 'Packets ←', align: 'right', max: 10 },
      { title: 'Bytes →', align: 'right', max: 12 },
      { title: 'Bytes ←', align: 'right', max: 12 },
      { title: 'Holes', align: 'right', max: 6 },
      { title: 'Info', align: 'left', max: 0 },
    ],
    out,
    process.stdout.isTTY === true ? process.stdout.columns || 80 : 0,
    true,
    (line) => line,
  );
  const address = (text: string): string => session.timeline.host(text) || '?';
  for (const s of session.streamSummaries()) {
    const [c, v] = s.client === 'b' ? [1, 0] : [0, 1];
    const ends = [s.a, s.b];
    table.row(
      [
        String(s.stream),
        address(ends[c]),
        address(ends[v]),
        s.dialect,
        String(s.messages),
        String(s.packets[c]),
        String(s.packets[v]),
        String(s.bytes[c]),
        String(s.bytes[v]),
        String(s.holes[0].length + s.holes[1].length),
        s.info,
      ],
      0,
    );
  }
  table.settle();
}
