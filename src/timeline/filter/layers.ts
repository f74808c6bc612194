import { toHex } from '../../core/bytes.ts';
import { DIALECT, type Field } from '../../core/message.ts';
import type { Timeline } from '../timeline.ts';

/** Bytes of an Ethernet header: two addresses, and the type. Source: IEEE 802.3. */
const ETHERNET = 14;

/** Whether a row's message went over a layer, by the layer's name as a field. */
const LAYERS: Readonly<Record<string, (timeline: Timeline, row: number) => boolean>> = {
  frame: (t, row) => t.rows.columns.packet(row) > 0,
  eth: (t, row) => t.linkHeader(row) !== undefined,
  ip: (t, row) => /^\d/.test(t.unredactedPeers(t.rows.columns.stream(row)).client),
  ipv6: (t, row) => t.unredactedPeers(t.rows.columns.stream(row)).client.startsWith('['),
  tcp: () => true,
  tls: (t, row) => t.streams[t.rows.columns.stream(row)]?.tls !== undefined || t.rows.columns.type(row) >>> 8 === DIALECT.tls,
  http2: (t, row) => t.rows.columns.type(row) >>> 8 === DIALECT.http2,
  apns: (t, row) => ![DIALECT.tls as number, DIALECT.capture].includes(t.rows.columns.type(row) >>> 8),
};

const value = (name: string, bytes: Uint8Array | number, text: string): Field => ({ name, label: '', value: bytes, text, at: undefined });

function colons(bytes: Uint8Array): string {
  return toHex(bytes).replace(/..(?=.)/g, '$&:');
}

/**
 * Values of what lies below the message: the layers by their names, with the message's bytes, and Ethernet addresses of the
 * packet that the message began in. undefined when the field is none of these.
 */
export function layerValues(name: string): ((timeline: Timeline, row: number) => readonly Field[]) | undefined {
  const layer = LAYERS[name];
  if (layer !== undefined) return (t, row) => (layer(t, row) ? [value(name, t.bytes(row).bytes, name)] : []);
  if (!name.startsWith('eth.')) return undefined;
  return (t, row) => {
    const head = t.linkHeader(row);
    if (head === undefined || head.length < ETHERNET) return [];
    const [dst, src] = [head.subarray(0, 6), head.subarray(6, 12)];
    if (name === 'eth.type') return [value(name, (head[12] << 8) | head[13], '')];
    const picked = name === 'eth.src' ? [src] : name === 'eth.dst' ? [dst] : [src, dst];
    return picked.map((mac) => value(name, mac, colons(mac)));
  };
}
