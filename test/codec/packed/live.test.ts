import { describe, expect, it } from 'vitest';
import { PackedReader } from '../../../src/codec/packed/live.ts';
import { PackedWriter } from '../../../src/codec/packed/writer.ts';
import { concatBytes } from '../../../src/core/bytes.ts';

const TOKEN = new Uint8Array(32).fill(9);

function written(): Uint8Array[] {
  const writer = new PackedWriter(512);
  const token = { id: 1, value: TOKEN, indexed: true };
  return [
    writer.frame(7, [token, { id: 2, value: 1 }]),
    writer.frame(12, []),
    writer.frame(11, [{ id: 8, value: 0 }, { id: 4, value: 300 }, token]),
    writer.frame(29, [{ id: 2, value: new Uint8Array(400).fill(3) }]),
  ];
}

describe('the reader of live packed streams', () => {
  it('gives the same frames for every way of cutting the bytes', () => {
    const frames = written();
    const stream = concatBytes(frames);
    for (const size of [1, 2, 3, 7, 64, stream.length]) {
      const reader = new PackedReader(0, 512);
      const seen: Uint8Array[] = [];
      const values: unknown[] = [];
      for (let at = 0; at < stream.length; at += size) {
        for (const frame of reader.push(stream.slice(at, at + size))) {
          expect([frame.fatal, frame.notes]).toEqual([false, []]);
          seen.push(frame.bytes);
          values.push(frame.items.map((item) => item.value));
        }
      }
      expect(seen).toEqual(frames);
      expect(values[2]).toEqual([0, 300, TOKEN]);
      expect(reader.broken).toBeUndefined();
    }
  });

  it('names the fields of a frame with its references resolved', () => {
    const [, , ack] = new PackedReader(0, 512).push(concatBytes(written()));
    expect(ack.message().fields.map((field) => [field.name, field.value])).toEqual([
      ['status', 0],
      ['id', 300],
      ['token', TOKEN],
    ]);
  });

  it('says which frame ends the connection for Apple’s decoder', () => {
    const [frame] = new PackedReader(0).push(Uint8Array.of(7, 2, 0x81, 0x00));
    expect([frame.fatal, frame.notes[0].code]).toEqual([true, 'packed.value-not-found']);
  });

  it('stops at bytes that are no frame', () => {
    const reader = new PackedReader(0);
    expect(reader.push(Uint8Array.of(12, 0, 3, 0))).toHaveLength(1);
    expect(reader.broken?.code).toBe('packed.frame-invalid');
    expect(reader.push(Uint8Array.of(12, 0))).toEqual([]);
    const endless = new PackedReader(0);
    endless.push(Uint8Array.from([7, ...Array(12).fill(0xff)]));
    expect(endless.broken?.code).toBe('packed.frame-invalid');
  });
});
