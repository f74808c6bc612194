const FIRST_SLOTS = 1024;

/** Keeps IPv4 and IPv6 keys apart: IPv6 addresses are small numbers in a key. */
const SIX = 0x5bd1e995;

/** The tunnel as it stands in a key. */
export function tableTunnel(tunnel: number, six: boolean): number {
  return six ? tunnel ^ SIX : tunnel;
}

/** What tells connections apart. Both directions have the same: `low` is the end with the lower address, or port. */
export interface FlowKey {
  readonly low: number;
  readonly high: number;
  /** Port of the lower end in the upper half. */
  readonly ports: number;
  readonly tunnel: number;
  readonly six: boolean;
}

/**
 * Open-addressing hash of connections: two addresses, two ports, tunnel → number of the newest flow with that key.
 * All in typed arrays, because a key object or string per packet costs more than everything else together.
 * The caller orders the two ends (lower first), so both directions of a connection have one key.
 */
export class FlowTable {
  /** Flow + 1; 0 = empty. A power of two, at most half full. */
  private slots = new Int32Array(FIRST_SLOTS);
  private mask = FIRST_SLOTS - 1;
  /** Four words a flow: low address, high address, ports, tunnel. */
  private keys = new Int32Array(4 * (FIRST_SLOTS / 2));
  private count = 0;
  private used = 0;
  private slot = 0;

  /** Number of the flow, or -1. Remembers the place for an `add` that follows at once. */
  find(low: number, high: number, ports: number, tunnel: number): number {
    const { slots, keys, mask } = this;
    let slot = hash(low, high, ports, tunnel) & mask;
    for (;;) {
      const flow = slots[slot] - 1;
      if (flow < 0) {
        this.slot = slot;
        return -1;
      }
      const k = flow << 2;
      if (keys[k] === low && keys[k + 1] === high && keys[k + 2] === ports && keys[k + 3] === tunnel) {
        this.slot = slot;
        return flow;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Adds a flow under the key of the last `find`, in place of the flow it found, if any; returns its number. */
  add(low: number, high: number, ports: number, tunnel: number): number {
    const flow = this.count++;
    if (this.slots[this.slot] === 0) this.used++;
    this.slots[this.slot] = flow + 1;
    const k = flow << 2;
    if (k === this.keys.length) {
      const grown = new Int32Array(this.keys.length * 2);
      grown.set(this.keys);
      this.keys = grown;
    }
    this.keys[k] = low;
    this.keys[k + 1] = high;
    this.keys[k + 2] = ports;
    this.keys[k + 3] = tunnel;
    if (this.used * 2 > this.slots.length) this.grow();
    return flow;
  }

  /** The key that a flow was added with. */
  key(flow: number, six: boolean): FlowKey {
    const k = flow << 2;
    const { keys } = this;
    return { low: keys[k], high: keys[k + 1], ports: keys[k + 2], tunnel: tableTunnel(keys[k + 3], six), six };
  }

  private grow(): void {
    const old = this.slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let i = 0; i < old.length; i++) {
      if (old[i] === 0) continue;
      const k = (old[i] - 1) << 2;
      let slot = hash(this.keys[k], this.keys[k + 1], this.keys[k + 2], this.keys[k + 3]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = old[i];
    }
    this.slots = slots;
    this.mask = mask;
  }
}

/** Multiply and fold; the constants are the usual odd 32-bit ones. */
function hash(low: number, high: number, ports: number, tunnel: number): number {
  let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ ports, 0xc2b2ae35);
  h ^= tunnel;
  return h ^ (h >>> 16) ^ (h >>> 7);
}
