const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;
const STRIPE = 16;

/** xxHash of 32 bits with seed 0, over bytes that come in pieces. Source: the xxHash specification, "XXH32". */
export class Xxh32 {
  private readonly lanes = new Int32Array(4);
  private readonly rest = new Uint8Array(STRIPE);
  private held = 0;
  private total = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.lanes[0] = (P1 + P2) | 0;
    this.lanes[1] = P2 | 0;
    this.lanes[2] = 0;
    this.lanes[3] = -P1 | 0;
    this.held = this.total = 0;
  }

  update(b: Uint8Array): void {
    this.total += b.length;
    let at = 0;
    if (this.held > 0) {
      at = Math.min(STRIPE - this.held, b.length);
      this.rest.set(b.subarray(0, at), this.held);
      this.held += at;
      if (this.held < STRIPE) return;
      this.stripes(this.rest, 0, STRIPE);
      this.held = 0;
    }
    const end = at + Math.floor((b.length - at) / STRIPE) * STRIPE;
    this.stripes(b, at, end);
    this.rest.set(b.subarray(end));
    this.held = b.length - end;
  }

  /** The hash of all bytes since the last reset, unsigned. */
  digest(): number {
    const [a, b, c, d] = this.lanes;
    let h = this.total >= STRIPE ? (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0 : P5;
    h = (h + this.total) | 0;
    let at = 0;
    for (; at + 4 <= this.held; at += 4) h = Math.imul(rotate((h + Math.imul(word(this.rest, at), P3)) | 0, 17), P4);
    for (; at < this.held; at++) h = Math.imul(rotate((h + Math.imul(this.rest[at], P5)) | 0, 11), P1);
    h = Math.imul(h ^ (h >>> 15), P2);
    h = Math.imul(h ^ (h >>> 13), P3);
    return (h ^ (h >>> 16)) >>> 0;
  }

  private stripes(b: Uint8Array, start: number, end: number): void {
    let [v1, v2, v3, v4] = this.lanes;
    for (let at = start; at < end; at += STRIPE) {
      v1 = round(v1, word(b, at));
      v2 = round(v2, word(b, at + 4));
      v3 = round(v3, word(b, at + 8));
      v4 = round(v4, word(b, at + 12));
    }
    this.lanes[0] = v1;
    this.lanes[1] = v2;
    this.lanes[2] = v3;
    this.lanes[3] = v4;
  }
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, P2)) | 0, 13), P1);
}

function rotate(n: number, by: number): number {
  return (n << by) | (n >>> (32 - by));
}

function word(b: Uint8Array, at: number): number {
  return b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24);
}
