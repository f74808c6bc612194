import {
  ACK,
  aggregate,
  ascii,
  be16,
  be32,
  bytes,
  type Encapsulation,
  ethernet,
  etherType,
  fragments4,
  fragments6,
  frame,
  gre,
  gtp,
  ipv4,
  ipv6,
  join,
  label,
  le16,
  le32,
  outer4,
  outer6,
  overlay,
  PSH,
  pktap,
  ppi,
  ppp,
  radiotap,
  SYN,
  snap,
  tcp,
  udp,
  vxlan,
  wifi,
  zeros,
} from './encapsulate.ts';

const RAW = 101;

const version6 = (ip: Uint8Array): boolean => ip[0] >> 4 === 6;

function link(name: string, linkType: number, wrap: (ip: Uint8Array, fromClient: boolean) => Uint8Array): Encapsulation {
  return { name, linkType, wrap: (ip, fromClient) => [wrap(ip, fromClient)] };
}

function tunnel(name: string, wrap: (ip: Uint8Array, fromClient: boolean) => Uint8Array, linkType = RAW): Encapsulation {
  return { name, linkType, isTunnel: true, wrap: (ip, fromClient) => [wrap(ip, fromClient)] };
}

const onEthernet = (name: string, type: number, payload: (ip: Uint8Array) => Uint8Array): Encapsulation =>
  link(name, 1, (ip, fromClient) => ethernet(type, payload(ip), fromClient));

const cooked = (protocol: number, hardware: number, payload: Uint8Array): Uint8Array =>
  join(be16(0), be16(hardware), be16(6), zeros(8), be16(protocol), payload);

const nflog = (order16: (value: number) => Uint8Array, ip: Uint8Array): Uint8Array =>
  join(
    bytes(version6(ip) ? 10 : 2, 0),
    be16(5),
    order16(8),
    order16(1),
    bytes(8, 0, 1, 0),
    order16(5),
    order16(10),
    bytes(0x78, 0, 0, 0),
    order16(4 + ip.length),
    order16(9),
    ip,
    zeros((4 - (ip.length % 4)) % 4),
  );

const arp = ethernetArp();

function ethernetArp(): Uint8Array {
  return snap(0x0806, join(be16(1), be16(0x0800), bytes(6, 4), be16(1), zeros(20)));
}

const llc = (ip: Uint8Array): Uint8Array => snap(etherType(ip), ip);

/** Link layers, one packet each. */
export const LINK_ENCAPSULATIONS: readonly Encapsulation[] = [
  link('ethernet', 1, (ip, c) => frame(ip, c)),
  onEthernet('vlan', 0x8100, (ip) => join(be16(0x2064), be16(etherType(ip)), ip)),
  onEthernet('qinq', 0x88a8, (ip) => join(be16(100), be16(0x8100), be16(200), be16(etherType(ip)), ip)),
  link('llc-snap', 1, (ip, c) => ethernet(8 + ip.length, llc(ip), c)),
  onEthernet('vlan-llc-snap', 0x8100, (ip) => join(be16(5), be16(8 + ip.length), llc(ip))),
  onEthernet('pppoe', 0x8864, (ip) => join(bytes(0x11, 0), be16(7), be16(ip.length + 2), ppp(ip).subarray(2))),
  onEthernet('vlan-pppoe', 0x8100, (ip) => join(be16(7), be16(0x8864), bytes(0x11, 0), be16(7), be16(ip.length + 2), ppp(ip).subarray(2))),
  onEthernet('mpls', 0x8847, (ip) => join(label(1000, true), ip)),
  onEthernet('mpls-three-labels', 0x8847, (ip) => join(label(16, false), label(17, false), label(18, true), ip)),
  onEthernet('mpls-pseudowire', 0x8847, (ip) => join(label(20, true), zeros(4), frame(ip))),
  onEthernet('mpls-pseudowire-without-control-word', 0x8847, (ip) => join(label(20, true), frame(ip))),
  onEthernet('provider-backbone', 0x88e7, (ip) => join(be32(0x1234), frame(ip))),
  onEthernet('macsec-clear', 0x88e5, (ip) => join(bytes(0x20, 0), be32(1), zeros(8), be16(etherType(ip)), ip, zeros(16))),
  onEthernet('nsh', 0x894f, (ip) => join(be16(0x0fc2), bytes(2, version6(ip) ? 2 : 1), be32(0x0100ff), ip)),
  link('null-little-endian', 0, (ip) => join(le32(version6(ip) ? 30 : 2), ip)),
  link('null-big-endian', 0, (ip) => join(be32(version6(ip) ? 24 : 2), ip)),
  link('loop', 108, (ip) => join(be32(version6(ip) ? 28 : 2), ip)),
  link('raw', 101, (ip) => ip),
  link('token-ring', 6, (ip) => join(bytes(0x10, 0x40), zeros(6), bytes(0x80, 0, 0, 0, 0, 1), bytes(6, 0, 1, 2, 3, 4), llc(ip))),
  link('fddi', 10, (ip) => join(bytes(0x50), zeros(12), llc(ip))),
  link('atm-rfc1483', 100, llc),
  link('sunatm', 123, (ip) => join(zeros(4), llc(ip))),
  link('fibre-channel', 122, (ip) => join(zeros(16), llc(ip))),
  link('firewire', 138, (ip) => join(zeros(16), be16(etherType(ip)), ip)),
  link('ppp', 9, (ip) => ppp(ip)),
  link('ppp-without-address', 9, (ip) => ppp(ip).subarray(2)),
  link('ppp-compressed', 9, (ip) => ppp(ip).subarray(3)),
  link('ppp-multilink', 9, (ip) => join(be32(0xff03003d), be32(0xc0000001), ppp(ip).subarray(2))),
  link('ppp-bridged', 9, (ip) => join(be32(0xff030031), bytes(0, 1), frame(ip))),
  link('ppp-mpls', 9, (ip) => join(be32(0xff030281), label(9, true), ip)),
  link('ppp-hdlc', 50, (ip) => ppp(ip)),
  link('ppp-hdlc-cisco', 50, (ip) => join(bytes(0x0f, 0), be16(etherType(ip)), ip)),
  link('ppp-ether', 51, (ip) => join(bytes(0x11, 0), be16(7), be16(ip.length + 2), ppp(ip).subarray(2))),
  link('ppp-pppd', 166, (ip, c) => join(bytes(c ? 1 : 0, 3), ppp(ip).subarray(2))),
  link('ppp-pppd-with-address', 166, (ip, c) => join(bytes(c ? 1 : 0), ppp(ip))),
  link('ppp-with-direction', 204, (ip, c) => join(bytes(c ? 1 : 0), ppp(ip))),
  link('cisco-hdlc', 104, (ip) => join(bytes(0x0f, 0), be16(etherType(ip)), ip)),
  link('cisco-hdlc-with-direction', 205, (ip) => join(bytes(0, 0x0f, 0), be16(etherType(ip)), ip)),
  link('frame-relay', 107, (ip) => join(bytes(0x18, 0x41, 3, version6(ip) ? 0x8e : 0xcc), ip)),
  link('frame-relay-snap', 107, (ip) => join(bytes(0x18, 0x41, 3, 0, 0x80, 0, 0, 0), be16(etherType(ip)), ip)),
  link('frame-relay-cisco', 107, (ip) => join(bytes(0x18, 0x40, 0x01), be16(etherType(ip)), ip)),
  link('frame-relay-ppp', 107, (ip) => join(bytes(0x18, 0x41, 3, 0xcf), ppp(ip).subarray(2))),
  link('frame-relay-bridged', 107, (ip) => join(bytes(0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7), frame(ip))),
  link('frame-relay-with-direction', 206, (ip) => join(bytes(1, 0x18, 0x41, 3, version6(ip) ? 0x8e : 0xcc), ip)),
  link('enc', 109, (ip) => join(le32(2), be32(0xabcd), be32(0x30000000), ip)),
  link('pflog', 117, (ip) => join(bytes(61, 2, 0, 0), zeros(60), ip)),
  link('ipnet', 226, (ip) => join(bytes(1, version6(ip) ? 26 : 2), be16(1), be32(ip.length), zeros(16), ip)),
  link('nflog', 239, (ip) => nflog(le16, ip)),
  link('nflog-big-endian', 239, (ip) => nflog(be16, ip)),
  link('cooked', 113, (ip) => cooked(etherType(ip), 1, ip)),
  link('cooked-vlan', 113, (ip) => cooked(0x8100, 1, join(be16(3), be16(etherType(ip)), ip))),
  link('cooked-llc', 113, (ip) => cooked(4, 1, llc(ip))),
  link('cooked-wifi', 113, (ip, c) => cooked(0, 803, radiotap(0, wifi(llc(ip), c)))),
  link('cooked-2', 276, (ip) => join(be16(etherType(ip)), be16(0), be32(3), be16(1), bytes(0, 6), zeros(8), ip)),
  link('mpls-link', 219, (ip) => join(label(33, false), label(34, true), ip)),
  link('wifi', 105, (ip, c) => wifi(llc(ip), c)),
  link('wifi-qos', 105, (ip, c) => wifi(llc(ip), c, { qos: true })),
  link('wifi-qos-padded', 105, (ip, c) => wifi(llc(ip), c, { qos: true, pad: true })),
  link('wifi-four-addresses', 105, (ip, c) => wifi(llc(ip), c, { fourAddresses: true, qos: true })),
  link('wifi-ht-control', 105, (ip, c) => wifi(llc(ip), c, { qos: true, order: true })),
  link('wifi-mesh', 105, (ip, c) => wifi(llc(ip), c, { qos: true, fourAddresses: true, mesh: true })),
  link('wifi-decrypted-in-place', 105, (ip, c) => wifi(join(zeros(8), llc(ip)), c, { qos: true, flags: 0x40 })),
  link('wifi-aggregate', 105, (ip, c) => wifi(aggregate(arp, llc(ip)), c, { qos: true, aggregate: true })),
  link('radiotap', 127, (ip, c) => radiotap(0, wifi(llc(ip), c, { qos: true }))),
  link('radiotap-fcs', 127, (ip, c) => radiotap(0x10, wifi(llc(ip), c, { qos: true, fcs: true }))),
  link('radiotap-fcs-padded', 127, (ip, c) => radiotap(0x30, wifi(llc(ip), c, { qos: true, fcs: true, pad: true }))),
  link('radiotap-aggregate', 127, (ip, c) => radiotap(0x10, wifi(aggregate(llc(ip), arp), c, { qos: true, aggregate: true, fcs: true }))),
  link('prism', 119, (ip, c) => join(le32(0x44), le32(144), ascii('wlan0', 16), zeros(120), wifi(llc(ip), c))),
  link('prism-big-endian', 119, (ip, c) => join(be32(0x44), be32(144), ascii('wlan0', 16), zeros(120), wifi(llc(ip), c))),
  link('prism-avs', 119, (ip, c) => join(be32(0x80211001), be32(64), zeros(56), wifi(llc(ip), c))),
  link('avs', 163, (ip, c) => join(be32(0x80211001), be32(64), zeros(56), wifi(llc(ip), c))),
  link('ppi', 192, (ip, c) => ppi(0, false, wifi(llc(ip), c, { qos: true }))),
  link('ppi-fcs', 192, (ip, c) => ppi(1, true, wifi(aggregate(arp, llc(ip)), c, { qos: true, aggregate: true, fcs: true }))),
  link('pktap', 258, (ip, c) => pktap(1, 'apsd', 312, frame(ip, c))),
  link('pktap-raw', 258, (ip) => pktap(RAW, 'apsd', 312, ip)),
  link('pktap-loopback', 258, (ip) => pktap(0, 'apsd', 312, join(le32(version6(ip) ? 30 : 2), ip))),
  link('pktap-user2', 149, (ip, c) => pktap(1, 'apsd', 312, frame(ip, c))),
  link('erf', 197, (ip, c) => join(zeros(8), bytes(0x82, 4), be16(0), be16(0), be16(ip.length + 16), zeros(8), zeros(2), frame(ip, c))),
  link('netanalyzer', 240, (ip, c) => join(zeros(4), frame(ip, c), zeros(4))),
  link('switch-tag-broadcom', 281, (ip, c) => join(frame(ip, c).subarray(0, 12), be32(0x20000003), frame(ip, c).subarray(12))),
  link('switch-tag-broadcom-before', 282, (ip, c) => join(be32(0x20000003), frame(ip, c))),
  link('switch-tag-marvell', 284, (ip, c) => join(frame(ip, c).subarray(0, 12), be32(0xc0100000), frame(ip, c).subarray(12))),
  link('switch-tag-marvell-long', 285, (ip, c) =>
    join(frame(ip, c).subarray(0, 12), be32(0xdada0000), be32(0xc0100000), frame(ip, c).subarray(12)),
  ),
  link('mpacket', 274, (ip, c) => join(bytes(0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5), frame(ip, c), zeros(4))),
];

const protocolOf = (ip: Uint8Array): number => (version6(ip) ? 41 : 4);

function geneve(type: number, options: Uint8Array, inner: Uint8Array): Uint8Array {
  return join(bytes(options.length / 4, 0), be16(type), be32(77 << 8), options, inner);
}

function teredo(prefix: Uint8Array, ip: Uint8Array, fromClient: boolean): Uint8Array {
  return outer4(17, udp(fromClient ? 49999 : 3544, fromClient ? 3544 : 49999, join(prefix, ip)), fromClient);
}

const erspan3 = (frameType: number, platform: boolean): Uint8Array =>
  join(be32(0x20000005), be32(123), be16(0), be16((frameType << 10) | (platform ? 1 : 0)), zeros(platform ? 8 : 0));

/** A GTP-U header with sequence number and two extension headers. */
const gtpExtended = (teid: number, ip: Uint8Array): Uint8Array =>
  join(bytes(0x36, 0xff), be16(ip.length + 12), be32(teid), be16(9), bytes(0, 0x85), bytes(1, 0x10, 1, 0xc0), bytes(1, 0, 0, 0), ip);

/** Tunnels, one packet each. */
export const TUNNEL_ENCAPSULATIONS: readonly Encapsulation[] = [
  tunnel('ip-in-ipv4', (ip, c) => outer4(protocolOf(ip), ip, c)),
  tunnel('ip-in-ipv6', (ip, c) => outer6(protocolOf(ip), ip, c)),
  tunnel('ip-in-ip-in-ip', (ip, c) => outer6(4, outer4(protocolOf(ip), ip, c), c)),
  tunnel('gre', (ip, c) => outer4(47, gre(0, etherType(ip), zeros(0), ip), c)),
  tunnel('gre-over-ipv6', (ip, c) => outer6(47, gre(0, etherType(ip), zeros(0), ip), c)),
  tunnel('gre-key-sequence-checksum', (ip, c) => outer4(47, gre(0xb000, etherType(ip), join(zeros(4), be32(99), be32(1)), ip), c)),
  tunnel('gre-bridging', (ip, c) => outer4(47, gre(0, 0x6558, zeros(0), frame(ip, c)), c)),
  tunnel('nvgre', (ip, c) => outer4(47, gre(0x2000, 0x6558, be32(0x00500100 + (c ? 1 : 2)), frame(ip, c)), c)),
  tunnel('gre-mpls', (ip, c) => outer4(47, gre(0, 0x8847, zeros(0), join(label(5, true), ip)), c)),
  tunnel('pptp', (ip, c) => outer4(47, gre(0x3081, 0x880b, join(be16(ppp(ip).length), be16(c ? 7 : 9), zeros(8)), ppp(ip)), c)),
  tunnel('erspan-1', (ip, c) => outer4(47, gre(0, 0x88be, zeros(0), frame(ip, c)), true)),
  tunnel('erspan-2', (ip, c) => outer4(47, gre(0x1000, 0x88be, join(be32(1), be32(0x10000005), be32(0)), frame(ip, c)), true)),
  tunnel('erspan-3', (ip, c) => outer4(47, gre(0x1000, 0x22eb, join(be32(1), erspan3(0, false)), frame(ip, c)), true)),
  tunnel('erspan-3-platform', (ip, c) => outer4(47, gre(0x1000, 0x22eb, join(be32(1), erspan3(0, true)), frame(ip, c)), true)),
  tunnel('vxlan', (ip, c) => overlay(4789, vxlan(4242, frame(ip, c)), c)),
  tunnel('vxlan-over-ipv6', (ip, c) => outer6(17, udp(5555, 4789, vxlan(4242, frame(ip, c))), c)),
  tunnel('vxlan-linux-port', (ip, c) => overlay(8472, vxlan(4242, frame(ip, c)), c)),
  tunnel('vxlan-gpe', (ip, c) => overlay(4790, join(bytes(0x0c, 0, 0, version6(ip) ? 2 : 1), be32(9 << 8), ip), c)),
  tunnel('geneve', (ip, c) => overlay(6081, geneve(0x6558, zeros(0), frame(ip, c)), c)),
  tunnel('geneve-ip-with-options', (ip, c) => overlay(6081, geneve(etherType(ip), zeros(12), ip), c)),
  tunnel('gtp-u', (ip, c) => outer4(17, udp(2152, 2152, gtp(c ? 0x1001 : 0x2002, ip)), c)),
  tunnel('gtp-u-extended', (ip, c) => outer4(17, udp(2152, 2152, gtpExtended(c ? 0x1001 : 0x2002, ip)), c)),
  tunnel('mpls-in-ip', (ip, c) => outer4(137, join(label(5, true), ip), c)),
  tunnel('mpls-in-udp', (ip, c) => overlay(6635, join(label(5, true), ip), c)),
  tunnel('gue', (ip, c) => overlay(6080, join(bytes(1, protocolOf(ip), 0, 0), zeros(4), ip), c)),
  tunnel('etherip', (ip, c) => outer4(97, join(bytes(0x30, 0), frame(ip, c)), c)),
  tunnel('ethernet-in-ipv6', (ip, c) => outer6(143, frame(ip, c), c)),
  tunnel('gre-in-udp', (ip, c) => overlay(4754, gre(0, etherType(ip), zeros(0), ip), c)),
  tunnel('lisp', (ip, c) => overlay(4341, join(be32(0x08000000), be32(3 << 8), ip), c)),
  tunnel('tzsp', (ip, c) => overlay(37008, join(bytes(1, 0), be16(1), bytes(10, 1, 5, 0, 1), frame(ip, c)), true)),
  tunnel('tzsp-wifi', (ip, c) => overlay(37008, join(bytes(1, 0), be16(18), bytes(1), wifi(llc(ip), c)), true)),
  tunnel('l2tp', (ip, c) => overlay(1701, join(be16(2), be32(c ? 0x50006 : 0x70008), ppp(ip)), c)),
  tunnel('l2tp-full-header', (ip, c) =>
    overlay(1701, join(be16(0x4a02), be16(14 + ppp(ip).length), be32(c ? 0x50006 : 0x70008), be32(1), be16(0), ppp(ip)), c),
  ),
  tunnel('l2tp-3', (ip, c) => outer4(115, join(be32(c ? 5 : 6), be32(0xc0ffee), frame(ip, c)), c)),
  tunnel('l2tp-3-udp', (ip, c) => overlay(1701, join(be16(3), be16(0), be32(c ? 5 : 6), frame(ip, c)), c)),
  tunnel(
    'vxlan-in-gre-on-vlan',
    (ip, c) => {
      const inside = overlay(4789, vxlan(7, ethernet(0x8100, join(be16(9), be16(etherType(ip)), ip), c)), c);
      return ethernet(0x8100, join(be16(4), be16(0x0800), outer4(47, gre(0x2000, 0x0800, be32(1), inside), c)), c);
    },
    1,
  ),
];

/** Tunnels that carry IPv6 only. */
export const IPV6_TUNNELS: readonly Encapsulation[] = [
  tunnel('teredo', (ip, c) => teredo(zeros(0), ip, c)),
  tunnel('teredo-authenticated', (ip, c) => teredo(join(bytes(0, 1, 2, 3), zeros(5 + 9), bytes(0, 0), be16(1), zeros(4)), ip, c)),
  tunnel('teredo-between-peers', (ip, c) => {
    const renamed = ip.slice();
    renamed.set(be32(0x20010000), c ? 8 : 24);
    return outer4(17, udp(40000, 40001, renamed), c);
  }),
];

function several(name: string, wrap: (ip: Uint8Array, fromClient: boolean) => Uint8Array[], isTunnel = false): Encapsulation {
  return { name, linkType: RAW, isTunnel, wrap };
}

/** An id that differs from packet to packet. */
const idOf = (ip: Uint8Array): number => ip.reduce((sum, byte) => (sum * 31 + byte) & 0xffff, 1);

const pieces = (ip: Uint8Array, size: number): Uint8Array[] =>
  version6(ip) ? fragments6(ip, size, idOf(ip)) : fragments4(ip, size, idOf(ip));

/** Fragments of the packet itself, or of the tunnel around it. */
export const FRAGMENT_ENCAPSULATIONS: readonly Encapsulation[] = [
  several('fragments', (ip) => pieces(ip, 24)),
  several('fragments-tiny', (ip) => pieces(ip, 8)),
  several('fragments-reversed', (ip) => pieces(ip, 16).reverse()),
  several('fragments-duplicated', (ip) => pieces(ip, 16).flatMap((piece) => [piece, piece])),
  several('fragments-overlapping', (ip) => [...pieces(ip, 16).slice(0, -1), ...pieces(ip, 8).slice(1)]),
  several('fragments-of-the-tunnel', (ip, c) => fragments4(outer4(protocolOf(ip), ip, c), 24, idOf(ip)).reverse(), true),
  several(
    'fragments-of-both',
    (ip, c) => pieces(ip, 48).flatMap((piece) => fragments4(outer4(protocolOf(ip), piece, c), 32, idOf(piece))),
    true,
  ),
];

export const CLIENT4 = '10.1.0.5';
export const SERVER4 = '17.57.144.20';
export const CLIENT6 = 'fd00:0:0:0:0:0:0:5';
export const SERVER6 = '2620:149:a44:0:0:0:0:20';
const CLIENT_PORT = 51515;
const SERVER_PORT = 5223;

/** One step of a conversation on plain bytes. */
export interface Step {
  readonly fromClient: boolean;
  readonly payload: Uint8Array;
}

/** IP packets of a TCP conversation: handshake, then the steps, each acknowledged by the next one. */
export function conversation(steps: readonly Step[], version: 4 | 6): { ip: Uint8Array; fromClient: boolean }[] {
  const next = { client: 1000, server: 5000 };
  const packets: { ip: Uint8Array; fromClient: boolean }[] = [];
  const send = (fromClient: boolean, flags: number, payload: Uint8Array): void => {
    const sequence = fromClient ? next.client : next.server;
    const ack = fromClient ? next.server : next.client;
    const [from, to] = fromClient ? [CLIENT_PORT, SERVER_PORT] : [SERVER_PORT, CLIENT_PORT];
    const segment = tcp(from, to, sequence, (flags & ACK) !== 0 ? ack : 0, flags, payload);
    const ends = version === 4 ? ([CLIENT4, SERVER4] as const) : ([CLIENT6, SERVER6] as const);
    const [source, destination] = fromClient ? ends : ([ends[1], ends[0]] as const);
    packets.push({ ip: version === 4 ? ipv4(6, source, destination, segment) : ipv6(6, source, destination, segment), fromClient });
    const advance = payload.length + ((flags & SYN) !== 0 ? 1 : 0);
    if (fromClient) next.client += advance;
    else next.server += advance;
  };
  send(true, SYN, zeros(0));
  send(false, SYN | ACK, zeros(0));
  send(true, ACK, zeros(0));
  for (const step of steps) send(step.fromClient, ACK | PSH, step.payload);
  return packets;
}
