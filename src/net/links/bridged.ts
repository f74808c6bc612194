import { type LayerSink, SKIP } from '../layer.ts';
import { nestTunnel, TOO_DEEP } from '../tunnels/identity.ts';

/** Hands on an Ethernet frame that is carried inside of something else, one level deeper. Always true: it was dealt with. */
export function bridged(
  buf: Uint8Array,
  at: number,
  end: number,
  address: number,
  tunnel: number,
  wireEnd: number,
  sink: LayerSink,
): boolean {
  const inner = nestTunnel(tunnel);
  if (inner === TOO_DEEP) sink.skipped?.(SKIP.depth);
  else if (at + 14 > end) sink.skipped?.(SKIP.truncated);
  else sink.ethernet(buf, at, end, address, inner, wireEnd);
  return true;
}
