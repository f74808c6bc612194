/**
 * Bytes in the spool and where they came from, plaintext from its record or datagrams from their fragments: parallel columns in spool order, searched by bisection.
 * About 24 bytes a record.
 */
const CHUNK = 4096;

const NOTHING = { spool: new Float64Array(0), length: new Uint32Array(0), record: new Float64Array(0), recordLength: new Uint32Array(0) };

export class Places {
  private readonly chunks: { spool: Float64Array; length: Uint32Array; record: Float64Array; recordLength: Uint32Array }[] = [];
  private count = 0;
  /** Chunks that were given back. */
  private gone = 0;

  add(spoolAddress: number, length: number, recordAddress: number, recordLength: number): void {
    const at = this.count % CHUNK;
    if (at === 0) {
      this.chunks.push({
        spool: new Float64Array(CHUNK),
        length: new Uint32Array(CHUNK),
        record: new Float64Array(CHUNK),
        recordLength: new Uint32Array(CHUNK),
      });
    }
    const chunk = this.chunks[this.chunks.length - 1];
    chunk.spool[at] = spoolAddress;
    chunk.length[at] = length;
    chunk.record[at] = recordAddress;
    chunk.recordLength[at] = recordLength;
    this.count++;
  }

  /** Gives back the chunks that hold only addresses before this one. */
  drop(address: number): void {
    while (this.gone < this.chunks.length - 1 && this.chunks[this.gone + 1].spool[0] <= address) this.chunks[this.gone++] = NOTHING;
  }

  /** The record that gave the byte at this spool address. */
  find(address: number): { record: number; recordLength: number; start: number; end: number } | undefined {
    let low = this.gone * CHUNK;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const chunk = this.chunks[(middle / CHUNK) | 0];
      const at = middle % CHUNK;
      if (chunk.spool[at] > address) high = middle - 1;
      else if (chunk.spool[at] + chunk.length[at] <= address) low = middle + 1;
      else {
        const start = chunk.spool[at];
        return { record: chunk.record[at], recordLength: chunk.recordLength[at], start, end: start + chunk.length[at] };
      }
    }
    return undefined;
  }
}
