import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../src/emulator/sockets/outbox.ts';

/** A socket that keeps what is written to it. */
class Sink extends Duplex {
  readonly writes: Buffer[] = [];

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(Buffer.from(bytes));
    done();
  }
}

function box(): { sink: Sink; outbox: Outbox } {
  const sink = new Sink();
  return { sink, outbox: new Outbox(sink, { reset: () => sink.destroy() }) };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an outbox', () => {
  it('joins what is said in one turn into one write, and ends after it', async () => {
    const { sink, outbox } = box();
    for (const text of ['one ', 'two ', 'three']) outbox.write(Buffer.from(text));
    outbox.end();
    expect(sink.writes).toEqual([]);
    await turn();
    expect(sink.writes.map(String)).toEqual(['one two three']);
    expect(sink.writableEnded).toBe(true);
  });

  it('writes large batches before a long turn is over, each whole, and leaves small ones for the end', async () => {
    const small = box();
    small.outbox.write(Buffer.alloc(100));
    const large = Array.from({ length: 60 }, box);
    for (const { outbox } of large) for (let n = 0; n < 32; n++) outbox.write(Buffer.alloc(300, n));
    expect(small.sink.writes).toHaveLength(0);
    expect(large.filter(({ sink }) => sink.writes.length > 0).length).toBeGreaterThan(20);
    small.outbox.write(Buffer.alloc(100));
    await turn();
    expect(small.sink.writes.map(({ length }) => length)).toEqual([200]);
    expect(new Set(large.flatMap(({ sink }) => sink.writes.map(({ length }) => length)))).toEqual(new Set([9600]));
  });

  it('keeps every byte in its order, whatever was written to whom', async () => {
    const steps = fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 60_000 })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const boxes = Array.from({ length: 5 }, box);
        const said: Buffer[][] = boxes.map(() => []);
        for (const [i, [to, length]] of list.entries()) {
          const bytes = Buffer.alloc(length, i);
          said[to].push(bytes);
          boxes[to].outbox.write(bytes);
        }
        await turn();
        for (const [i, { sink }] of boxes.entries()) expect(Buffer.concat(sink.writes).equals(Buffer.concat(said[i]))).toBe(true);
      }),
      { seed: 20261121, numRuns: 50 },
    );
  });

  it('resets a connection whose client does not read', async () => {
    const { sink, outbox } = box();
    sink._write = () => {};
    for (let n = 0; n < 20; n++) {
      outbox.write(Buffer.alloc(1024 * 1024));
      await turn();
    }
    expect(sink.destroyed).toBe(true);
  });
});
