import { followKind } from './follow-banner.ts';
import { ascii } from './hex-text.ts';

/** Followed protocols whose output is what a dissector wrote anew, not the bytes of the connection. */
const REWRITTEN = new Set(['http', 'http2', 'http3', 'quic', 'udp', 'dtls', 'sip', 'websocket', 'usbcom', 'dccp']);
const BYTES = new Set(['raw', 'hex', 'yaml']);

/** Why a follow output cannot be read, with the command that makes one that can; undefined when it can, or is none. */
export function refuseFollow(head: Uint8Array, name: string): string | undefined {
  const kind = followKind(head);
  if (kind === undefined) return undefined;
  const stream = /^Filter: tcp\.stream eq (\d{1,9})/m.exec(ascii(head, 0, Math.min(head.length, 64 * 1024)))?.[1] ?? 'N';
  const protocol = kind.protocol === 'tcp' ? 'tcp' : 'tls';
  const command = `tshark -r CAPTURE -q -z follow,${protocol},yaml,${stream}`;
  if (REWRITTEN.has(kind.protocol)) {
    return `${name} is what tshark shows of ${kind.protocol}, written anew and not the bytes of the connection. Make one of the stream itself: ${command}`;
  }
  if (BYTES.has(kind.format)) return undefined;
  return `${name} is a followed stream as ${kind.format} text, in which every byte that cannot be printed was replaced by a dot: nothing can be decoded from it. Make one that keeps the bytes: ${command}`;
}

export function refuseSocatText(name: string): string {
  return `${name} is the output of socat -v, in which every byte that cannot be printed was replaced by a dot: nothing can be decoded from it. Run socat with -x instead (socat -x … 2>FILE).`;
}
