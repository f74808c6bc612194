import { readdirSync } from 'node:fs';
import { EXIT, UserError } from '../core/errors.ts';
import type { Input } from '../core/input.ts';
import { openFollow } from './follow.ts';
import { foreignCapture } from './foreign.ts';
import { DIRECTORY_FORMATS, FORMATS, type OpenInputOptions, SNIFF_LENGTH } from './formats.ts';
import { pathStats } from './path-stats.ts';
import { PcapInput } from './pcap.ts';
import { PCAP_HEADER, parsePcapHeader } from './pcap-header.ts';
import { fittingHeader } from './pcap-variant.ts';
import { PcapngInput } from './pcapng.ts';
import { isPcapng } from './pcapng-block.ts';
import { isPipe, openPipe } from './pipe.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';
import { hasUpperPdus, UpperPduInput } from './upper-pdu-input.ts';

/**
 * Opens a file or directory as an input, by its content. Throws `UserError`, one sentence, when there is no such file, it
 * is empty, or nothing that can be read.
 */
export function openInput(path: string, store: Store, options: OpenInputOptions = {}): Input {
  if (isPipe(path)) return openPipe(path, store, options, openSource);
  if (pathStats(path)?.isDirectory() === true) return openDirectory(path, store, options);
  if (options.follow === true) return openFollow(path, store, options, openSource);
  return openSource(store.addFile(path), store, options);
}

/** The same for bytes that are already a source: a file, a spooled pipe, the content of a compressed file. */
export function openSource(source: Source, store: Store, options: OpenInputOptions = {}): Input {
  const head = readHead(source);
  if (head.length === 0) throw new UserError('input.empty', `${source.name} is empty.`);
  const plain = parsePcapHeader(head);
  if (plain !== undefined) {
    const header = fittingHeader(plain, head, head.length < SNIFF_LENGTH && source.ended);
    if (head.length < PCAP_HEADER) {
      throw new UserError('input.truncated', `${source.name} ends inside its pcap header, after ${head.length} of ${PCAP_HEADER} bytes.`);
    }
    return unwrapped(new PcapInput(source, store, header), head);
  }
  if (isPcapng(head)) return unwrapped(new PcapngInput(source, store), head);
  for (const format of FORMATS) {
    const verdict = format.sniff(head, source.name, options);
    if (typeof verdict === 'string') throw new UserError('input.unsupported', verdict);
    if (verdict) return format.open(source, store, options, openSource);
  }
  const foreign = foreignCapture(source.name, head);
  if (foreign !== undefined) throw new UserError('input.unsupported', `${foreign}.`);
  throw new UserError('input.unknown', `${source.name} is not a capture: ${describe(head)}.`);
}

/** A capture of exported PDUs gives streams, all others give packets. */
function unwrapped(input: Input, head: Uint8Array): Input {
  return hasUpperPdus(head) ? new UpperPduInput(input) : input;
}

function openDirectory(path: string, store: Store, options: OpenInputOptions): Input {
  const entries = list(path);
  for (const format of DIRECTORY_FORMATS) {
    const verdict = format.sniff(entries, path);
    if (typeof verdict === 'string') throw new UserError('input.unsupported', verdict);
    if (verdict) return format.open(path, store, options);
  }
  throw new UserError(
    'input.directory',
    `${path} is a directory, and not one that sslsplit or tcpflow wrote; name the capture file in it.`,
    EXIT.failed,
  );
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw new UserError('input.forbidden', `${path} cannot be read: ${(error as Error).message}.`);
  }
}

function readHead(source: Source): Uint8Array {
  const head = new Uint8Array(SNIFF_LENGTH);
  let length = 0;
  while (length < head.length) {
    const got = source.read(head, length, head.length - length, length);
    if (got <= 0) break;
    length += got;
  }
  return head.subarray(0, length);
}

/** UTF-8 without control characters; the last character may be cut. */
function isText(head: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return text !== '' && [...text].every((c) => c >= ' ' || c === '\t' || c === '\n' || c === '\r');
  } catch {
    return false;
  }
}

/** What bytes look like that are no capture, in a phrase. */
function describe(head: Uint8Array): string {
  if (isText(head)) return 'it looks like text (hex and base64 are read with: apns-inspect decode - < FILE)';
  return 'its first bytes belong to no format that is known here (pcap, pcapng, and the output of the tools in the manual)';
}
