import type { InputSink } from '../core/input.ts';
import { BLOCK, isPcapng, LITTLE, MAX_BLOCK, MIN_BLOCK, type Order, sectionOrder } from './pcapng-block.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { Source } from './source.ts';

type TakeSecrets = (...args: Parameters<InputSink['secrets']>) => void;

/** Secrets types of the decryption secrets block: four ASCII letters. */
const KINDS: Readonly<Record<number, Parameters<InputSink['secrets']>[0]>> = {
  1414288203: 'tls',
  1397966923: 'ssh',
  1464290124: 'wireguard',
};

/** Hands on the content of the decryption secrets block at `at`, in memory of its own. */
export function secretsOf(order: Order, buf: Uint8Array, at: number, length: number, take: TakeSecrets): void {
  if (length < 20) return;
  const size = Math.min(order.u32(buf, at + 12), length - 20);
  take(KINDS[order.u32(buf, at + 8)] ?? 'other', buf.slice(at + 16, at + 16 + size));
}

/**
 * Finds all secrets of a pcapng source without reading its packets, wherever they stand: a file may carry its keys behind
 * the traffic. Costs one pass over the bytes; ends at the first block that cannot be. Other formats have none.
 */
export function scanSecrets(source: Source, take: TakeSecrets): void {
  const records = new RecordBuffer(source, 0);
  let order = LITTLE;
  let first = true;
  while (records.fill() > 0) {
    const { buf, end } = records;
    let at = records.start;
    if (first && !isPcapng(buf.subarray(at, end))) return;
    first = false;
    while (at + MIN_BLOCK <= end) {
      const type = order.u32(buf, at);
      if (type === BLOCK.section) order = sectionOrder(buf, at) ?? order;
      const length = order.u32(buf, at + 4);
      if (length < MIN_BLOCK || length > MAX_BLOCK || (length & 3) !== 0) return;
      if (at + length > end) break;
      if (type === BLOCK.secrets) secretsOf(order, buf, at, length, take);
      at += length;
    }
    records.start = at;
  }
}
