/*
 * Captures of other programs that Wireshark can convert: they are not read here, but a user is told what the file is and the
 * command that makes it readable.
 */

interface Foreign {
  readonly name: string;
  /** First bytes, as Latin-1 text. */
  readonly magic: string;
}

/** Source: the magic numbers that each format's description gives; Wireshark's editcap converts all of them. */
const FOREIGN: readonly Foreign[] = [
  { name: 'a snoop capture (Solaris)', magic: 'snoop\0\0\0' },
  { name: 'a Network Monitor 1 capture', magic: 'RTSS' },
  { name: 'a Network Monitor 2 capture', magic: 'GMBU' },
  { name: 'a 5View capture', magic: '\xaa\xaa\xaa\xaa' },
  { name: 'an Observer capture', magic: 'ObserverPktBuffe' },
  { name: 'a Sniffer capture', magic: 'TRSNIFF data' },
  { name: 'a NetXRay or Windows Sniffer capture', magic: 'XCP\0' },
  { name: 'a Visual Networks capture', magic: '\x05VNF' },
  { name: 'an AIX iptrace capture', magic: 'iptrace ' },
  { name: 'a K12 capture', magic: '\0\0\x02\0\x12\x05\0\x10' },
  { name: 'a Peek capture (OmniPeek, EtherPeek, AiroPeek)', magic: '\x7fver' },
  { name: 'a K12 text capture', magic: '+---------+---------------+----------+' },
];

/** What the bytes are and what to do with `name`, as one sentence; undefined when they are nothing of the list. */
export function foreignCapture(name: string, head: Uint8Array): string | undefined {
  const begins = ({ magic }: Foreign): boolean => {
    for (let i = 0; i < magic.length; i++) if (head[i] !== magic.charCodeAt(i)) return false;
    return head.length > magic.length;
  };
  const found = FOREIGN.find(begins);
  return found === undefined
    ? undefined
    : `${name} is ${found.name}, which is not read here; convert it with: editcap -F pcapng ${name} ${name}.pcapng`;
}
