import { u16 } from '../../core/bytes.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;

/**
 * Whether an IP header can start at `at`: version, header length and total length agree with what is left on the wire.
 * A total length of 0 (segmentation offload, jumbo payload) is accepted.
 */
export function plausibleIp(buf: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  if (at >= end) return false;
  const version = buf[at] >> 4;
  if (version === 4) {
    if (end - at < IPV4_HEADER) return false;
    const header = (buf[at] & 15) * 4;
    const total = u16(buf, at + 2);
    return header >= IPV4_HEADER && (total === 0 || (total >= header && at + total <= wireEnd));
  }
  if (version === 6) {
    if (end - at < IPV6_HEADER) return false;
    return at + IPV6_HEADER + u16(buf, at + 4) <= wireEnd;
  }
  return false;
}

/** Whether an Ethernet frame that carries IP, directly or behind one VLAN tag, can start at `at`. */
export function plausibleEthernet(buf: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  if (end - at < 14) return false;
  let type = u16(buf, at + 12);
  let payload = at + 14;
  if ((type === 0x8100 || type === 0x88a8) && end - at >= 18) {
    type = u16(buf, at + 16);
    payload = at + 18;
  }
  if (type === 0x0800) return buf[payload] >> 4 === 4 && plausibleIp(buf, payload, end, wireEnd);
  if (type === 0x86dd) return buf[payload] >> 4 === 6 && plausibleIp(buf, payload, end, wireEnd);
  // Other types prove nothing: the two bytes may be an IPv4 source address, 8.6.x.x for ARP.
  return false;
}
