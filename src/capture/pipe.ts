import { constants, fstatSync, openSync, type Stats } from 'node:fs';
import { UserError } from '../core/errors.ts';
import type { Input } from '../core/input.ts';
import type { OpenInputOptions, Reopen } from './format.ts';
import { LateInput } from './late-input.ts';
import { pathStats } from './path-stats.ts';
import { PCAP_HEADER, parsePcapHeader } from './pcap-header.ts';
import { PipePcapInput } from './pipe-pcap.ts';
import { pipeSource, pipeStream } from './pipe-source.ts';
import type { Store } from './store.ts';
import { hasUpperPdus, UpperPduInput } from './upper-pdu-input.ts';

const STDIN = 0;

/** True when the path is read as a pipe: `-`, a FIFO (also of a process substitution) or a socket. */
export function isPipe(path: string): boolean {
  return path === '-' || isPipeLike(pathStats(path));
}

function isPipeLike(stats: Stats | undefined): boolean {
  return stats !== undefined && (stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice());
}

/**
 * Opens `-` (standard input) or a FIFO. Rows can be had as the bytes come; they are spooled, so that they can be looked at again.
 * Standard input that is a file is read as the file that it is. Whatever is readable from a file is readable from a pipe,
 * but its format is found out in `step`, which throws the `UserError` when there is none.
 */
export function openPipe(path: string, store: Store, options: OpenInputOptions, reopen: Reopen): Input {
  if (path !== '-') return openStream(path, pipeStream(openFifo(path), path), store, options, reopen);
  const stats = fstatSync(STDIN);
  if (stats.isFile()) return reopen(store.addFile('/dev/stdin'), store, options);
  if (stats.isDirectory()) throw new UserError('input.directory', 'Standard input is a directory, not a capture.');
  if (process.stdin.isTTY) {
    throw new UserError(
      'input.terminal',
      'Standard input is a terminal. Give a file, or pipe a capture in: tcpdump -U -w - | apns-inspect -',
    );
  }
  return openStream('standard input', process.stdin, store, options, reopen);
}

/** The same for any readable stream of bytes: classic pcap gets the reader for pipes, all else is opened as from a file. */
export function openStream(
  name: string,
  stream: NodeJS.ReadableStream & { destroy?(): unknown },
  store: Store,
  options: OpenInputOptions,
  reopen: Reopen,
): Input {
  return new LateInput('pipe', pipeSource(name, stream, store), store, options, (source, to, chosen) => {
    const head = new Uint8Array(PCAP_HEADER);
    const length = source.read(head, 0, PCAP_HEADER, 0);
    const header = length === PCAP_HEADER ? parsePcapHeader(head) : undefined;
    if (header === undefined) return reopen(source, to, chosen);
    const input = new PipePcapInput(source, to, header);
    return hasUpperPdus(head) ? new UpperPduInput(input) : input;
  });
}

function openFifo(path: string): number {
  try {
    // Without blocking: a FIFO that nobody writes to yet would hold up the whole program.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UserError('input.unreadable', `${path} cannot be read: ${(error as Error).message}.`);
  }
}
