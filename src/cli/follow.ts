import { EXIT, UserError } from '../core/errors.ts';
import { DIRECTION_NAMES } from '../core/stream.ts';
import { hexLine } from '../view/hex.ts';
import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { openSession } from './session.ts';

export interface FollowOptions extends ReadOptions {
  direction?: string;
  tls?: boolean;
  hex?: boolean;
  raw?: boolean;
  output?: string;
}

/** `apns-inspect follow FILE STREAM`: the reassembled (or decrypted) bytes of one stream, holes left out and told on stderr. */
export async function runFollow(file: string, stream: number, options: FollowOptions): Promise<number> {
  if (options.direction !== undefined && options.direction !== 'c2s' && options.direction !== 's2c') {
    throw new UserError('direction', `--direction takes c2s or s2c, not "${options.direction}".`, EXIT.usage);
  }
  if (options.redact === true)
    throw new UserError('redact', 'follow prints raw bytes, which --redact cannot make anonymous; use list or show.', EXIT.usage);
  const toTerminal = options.output === undefined && process.stdout.isTTY === true;
  const hex = options.hex === true || (toTerminal && options.raw !== true);
  const offsets = [0, 0];
  let seen = false;
  let chosen = 0;
  const session = await openSession([file], {
    ...options,
    tap(level, number, dir, buf, start, end) {
      if (number !== stream || level !== (options.tls === true ? 'tls' : 'tcp')) return;
      seen = true;
      if (options.direction !== undefined && DIRECTION_NAMES[dir] !== options.direction) return;
      chosen += end - start;
      const bytes = buf.subarray(start, end);
      if (!hex) {
        out.bytes(bytes);
        return;
      }
      // As Wireshark does: the answering side is indented, offsets run per direction.
      const indent = dir === 1 ? '    ' : '';
      for (let at = 0; at < bytes.length; at += 16) {
        const line = hexLine(bytes.subarray(at, at + 16), 0, 16, 8)
          .slice(8)
          .trimEnd();
        out.line(indent + (offsets[dir] + at).toString(16).padStart(8, '0') + line);
      }
      offsets[dir] += bytes.length;
    },
  });
  // Opened behind the input: a mistyped input must not empty a file.
  const out = new Output(options.output);
  try {
    await session.load();
    out.close();
    const count = session.timeline.streams.length;
    if (stream >= count) {
      throw new UserError(
        'stream',
        `there is no stream ${stream}; the capture holds ${count === 0 ? 'none' : `streams 0 to ${count - 1}`}.`,
      );
    }
    if (options.tls === true && !seen) {
      const why = session.timeline.streams[stream].tls?.undecrypted ?? 'it is not TLS';
      throw new UserError('stream', `stream ${stream} has no decrypted bytes: ${why}.`);
    }
    const holes = session.streamSummaries()[stream]?.holes ?? [[], []];
    if (chosen > 0 && options.tls !== true) {
      for (const dir of [0, 1]) {
        for (const hole of holes[dir])
          process.stderr.write(
            `apns-inspect: direction ${dir === 0 ? 'a to b' : 'b to a'}: ${hole.length < 0 ? 'an unknown number of' : hole.length} bytes missing at offset ${hole.offset}\n`,
          );
      }
    }
    session.report();
    return session.exit;
  } finally {
    session.close();
  }
}
