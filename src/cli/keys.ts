import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { openSession } from './session.ts';
import { StreamingTable } from './table.ts';

export interface KeysOptions extends ReadOptions {
  json?: boolean;
}

/** `apns-inspect keys FILE`: the TLS sessions of a capture and, for each, whether keys are there and for what. */
export async function runKeys(files: string[], options: KeysOptions): Promise<number> {
  const session = await openSession(files, options);
  try {
    await session.load();
    const { timeline } = session;
    const sessions = session.reading.tlsSessions().map((s) => (s.sni === undefined ? s : { ...s, sni: timeline.host(s.sni) }));
    const out = new Output(undefined);
    if (options.json === true) out.line(JSON.stringify({ v: 1, sessions }, null, 1));
    else {
      const table = new StreamingTable(
        [
          { title: 'Stream', align: 'right', max: 8 },
          { title: 'Version', align: 'left', max: 8 },
          { title: 'Suite', align: 'left', max: 48 },
          { title: 'SNI', align: 'left', max: 40 },
          { title: 'ALPN', align: 'left', max: 24 },
          { title: 'Decrypted', align: 'left', max: 20 },
          { title: 'Records', align: 'right', max: 10 },
          { title: 'Keys', align: 'left', max: 90 },
          { title: 'Client random', align: 'left', max: 64 },
          { title: 'Why not, and what to do', align: 'left', max: 0 },
        ],
        out,
        process.stdout.isTTY === true ? process.stdout.columns || 80 : 0,
        true,
        (line) => line,
      );
      for (const s of sessions) {
        const keys = s.source === undefined ? s.keys.join(' ') : `${s.source}${s.resumed === undefined ? '' : `, resumed ${s.resumed}`}`;
        const why = s.reason === undefined ? '' : `${s.reason}. ${s.advice ?? ''}`;
        table.row(
          [
            String(s.stream),
            (s.version ?? '').replace(/ \(0x.*\)$/, ''),
            (s.suite ?? '').replace(/ \(0x.*\)$/, ''),
            s.sni ?? '',
            s.alpn ?? '',
            s.decrypted,
            String(s.records),
            keys === '' ? 'none' : keys,
            s.clientRandom ?? '',
            why,
          ],
          0,
        );
      }
      table.settle();
      if (sessions.length === 0) process.stderr.write('apns-inspect: no TLS in this capture\n');
    }
    out.close();
    session.report();
    return session.exit;
  } finally {
    session.close();
  }
}
