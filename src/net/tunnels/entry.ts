import { type LayerSink, SKIP } from '../layer.ts';
import { addressPairHash, conversationHash, enterTunnel, mix, orientation, TOO_DEEP } from './identity.ts';

/**
 * Identity of the tunnel in the IP packet at `ip` whose key is the same in both directions (0 when it has none), or `TOO_DEEP`.
 * `kind` tells tunnels of different protocols between the same addresses apart.
 */
export function enterKeyed(buf: Uint8Array, ip: number, kind: number, key: number, tunnel: number, sink: LayerSink): number {
  const inner = enterTunnel(tunnel, mix(mix(addressPairHash(buf, ip), kind), key));
  if (inner === TOO_DEEP) sink.skipped?.(SKIP.depth);
  return inner;
}

/**
 * The same for a key that the receiver chose and that therefore differs by direction. `content` is where the inner IP packet
 * starts, -1 when it is not known.
 */
export function enterPaired(
  buf: Uint8Array,
  ip: number,
  kind: number,
  key: number,
  content: number,
  end: number,
  tunnel: number,
  sink: LayerSink,
): number {
  const outer = mix(mix(addressPairHash(buf, ip), kind), tunnel);
  const conversation = content < 0 ? 0 : conversationHash(buf, content, end);
  const hash = sink.pairs === undefined ? outer : sink.pairs.identify(outer, orientation(buf, ip), key, conversation);
  const inner = enterTunnel(tunnel, hash);
  if (inner === TOO_DEEP) sink.skipped?.(SKIP.depth);
  return inner;
}
