/** RC4, carried by ourselves because OpenSSL 3 has dropped it. Old gateway captures use it. */
export class Rc4 {
  private readonly state = new Uint8Array(256);
  private i = 0;
  private j = 0;

  constructor(key: Uint8Array) {
    const s = this.state;
    for (let n = 0; n < 256; n++) s[n] = n;
    for (let n = 0, k = 0; n < 256; n++) {
      k = (k + s[n] + key[n % key.length]) & 255;
      const t = s[n];
      s[n] = s[k];
      s[k] = t;
    }
  }

  /** XORs the key stream onto `from[start, end)`, writing to `out` at 0. */
  apply(from: Uint8Array, start: number, end: number, out: Uint8Array): void {
    const s = this.state;
    let { i, j } = this;
    for (let p = start; p < end; p++) {
      i = (i + 1) & 255;
      const a = s[i];
      j = (j + a) & 255;
      const b = s[j];
      s[i] = b;
      s[j] = a;
      out[p - start] = from[p] ^ s[(a + b) & 255];
    }
    this.i = i;
    this.j = j;
  }

  /** Advances over `n` bytes of key stream. */
  skip(n: number): void {
    const s = this.state;
    let { i, j } = this;
    for (; n > 0; n--) {
      i = (i + 1) & 255;
      const a = s[i];
      j = (j + a) & 255;
      s[i] = s[j];
      s[j] = a;
    }
    this.i = i;
    this.j = j;
  }

  /** Takes over the state of another. */
  copy(other: Rc4): void {
    this.state.set(other.state);
    this.i = other.i;
    this.j = other.j;
  }
}
