import { mix } from './identity.ts';

/** Keys that are remembered. A gateway capture has some ten thousand; beyond it the oldest knowledge is dropped, never the memory. */
const MAX_KEYS = 65_536;

/** Tunnels with the same inner conversation that may wait for their other direction at the same time. */
const MAX_WAITING = 4;

/**
 * Finds the two directions of tunnels whose key (GTP-U TEID, L2TP session, PPTP call) is chosen by the receiver and
 * therefore differs by direction, without the control protocol that agreed on them.
 *
 * A key stands alone until the opposite direction between the same outer addresses carries the same inner conversation
 * under a key that stands alone as well: from then on both are one tunnel. When several tunnels carry the same inner
 * conversation at once, they are paired in the order in which they appeared.
 */
export class TunnelPairs {
  /** Directed key → identity hash. */
  private readonly known = new Map<number, number>();
  /** Directed keys without partner. */
  private readonly alone = new Set<number>();
  /** Directed conversation → directed key that carries it. */
  private readonly waiting = new Map<number, number>();

  /**
   * Hash of the tunnel for `enterTunnel`.
   *
   * `outer` is the same for both directions, `direction` is 0 or 1, `conversation` the hash of what is inside, equal for both
   * directions, 0 when it is not known.
   */
  identify(outer: number, direction: number, key: number, conversation: number): number {
    const own = mix(mix(outer, direction + 1), key);
    const identity = this.known.get(own);
    if (identity !== undefined && !this.alone.has(own)) return identity;
    if (this.known.size >= MAX_KEYS || this.waiting.size >= MAX_KEYS) this.clear();
    if (conversation !== 0) {
      const there = mix(mix(outer, 2 - direction), conversation);
      for (let i = 0; i < MAX_WAITING; i++) {
        const partner = this.waiting.get(mix(there, i));
        if (partner === undefined || !this.alone.has(partner)) continue;
        this.waiting.delete(mix(there, i));
        const shared = this.known.get(partner) as number;
        this.known.set(own, shared);
        this.alone.delete(partner);
        this.alone.delete(own);
        return shared;
      }
      this.wait(mix(mix(outer, direction + 1), conversation), own);
    }
    if (identity !== undefined) return identity;
    this.known.set(own, own);
    this.alone.add(own);
    return own;
  }

  private wait(here: number, own: number): void {
    let free = -1;
    for (let i = MAX_WAITING - 1; i >= 0; i--) {
      const other = this.waiting.get(mix(here, i));
      if (other === own) return;
      if (other === undefined || !this.alone.has(other)) free = i;
    }
    if (free >= 0) this.waiting.set(mix(here, free), own);
  }

  private clear(): void {
    this.known.clear();
    this.alone.clear();
    this.waiting.clear();
  }
}
