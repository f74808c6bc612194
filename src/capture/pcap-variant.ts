import { PCAP_HEADER, type PcapHeader } from './pcap-header.ts';
import { recordLength } from './pcap-resync.ts';

/** Records that must follow each other before another record header than the magic's own is believed. */
const CHAIN = 3;

/**
 * Lengths of record headers that were written under each magic: four kernels' patched libpcaps kept the magic of the
 * version before. 20: Nokia's IPSO. 24 under the plain magic: Red Hat 6.1. 28 under the modified one: SuSE 6.3.
 * Source: the capture formats that Wireshark lists for libpcap.
 */
const PLAIN = [16, 24, 20] as const;
const MODIFIED = [24, 28, 16] as const;

/**
 * The header with the length of record headers that fits the records in `head`, the first bytes of the file. Unless
 * another length fits where the usual one does not, it stays. `whole`: the file ends with `head`.
 */
export function fittingHeader(header: PcapHeader, head: Uint8Array, whole: boolean): PcapHeader {
  if (header.nanoseconds || header.lengths !== 'captured-first') return header;
  const lengths = header.modified ? MODIFIED : PLAIN;
  const found = lengths.find((recordHeader) => fits({ ...header, recordHeader }, head, whole));
  return found === undefined || found === header.recordHeader ? header : { ...header, recordHeader: found };
}

function fits(header: PcapHeader, head: Uint8Array, whole: boolean): boolean {
  let at = PCAP_HEADER;
  for (let n = 0; n < CHAIN; n++) {
    if (at === head.length) return n > 0 && whole;
    if (at + header.recordHeader > head.length) return false;
    const length = recordLength(header, head, at, -1);
    if (length < 0) return false;
    at += length;
  }
  return true;
}
