import fc from 'fast-check';
import { tlv } from '../../src/codec/tlv.ts';
import { Cells } from '../../src/core/dialect.ts';
import type { ByteStore } from '../../src/core/stream.ts';
import { COURIER } from '../../src/schema/courier.ts';
import { type CommandDef, type FieldDef, goes, idIn } from '../../src/schema/definition.ts';
import { makeDecoders } from '../../src/timeline/decoders.ts';
import { Rows } from '../../src/timeline/rows.ts';
import { Timeline } from '../../src/timeline/timeline.ts';

/** A timeline of one stream whose messages are these frames, back to back. */
export function timelineOf(frames: { bytes: Uint8Array; dir: 0 | 1 }[]): Timeline {
  const all = new Uint8Array(frames.reduce((n, f) => n + f.bytes.length, 0));
  const store: ByteStore = { read: (address, length) => all.subarray(address, address + length) };
  const at = { packet: 7, sec: 1_795_284_000, nsec: 12_345_678 };
  const rows = new Rows(at, { append: () => 0 });
  const framing = tlv.open({});
  const cells = new Cells();
  let address = 0;
  for (const { bytes, dir } of frames) {
    all.set(bytes, address);
    cells.clear();
    framing.index(dir, all, address, address + bytes.length, cells);
    rows.append(0, dir, cells, all, bytes.length, { address, count: 0, addresses: [], lengths: [] });
    address += bytes.length;
  }
  const facts = { stream: 0, rolesKnown: true, swapped: false, dialect: 2, alpn: undefined, tls: false };
  return new Timeline(
    rows,
    store,
    [
      {
        facts,
        endpoints: { a: '10.0.0.1:5000', b: '[2001:db8::1]:5223', process: undefined },
        info: undefined,
        timed: true,
        tls: undefined,
      },
    ],
    makeDecoders({ expandPayloads: true }),
  );
}

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

/** Mostly well-formed bytes of a field's type, sometimes of another width. */
function fieldBytes(def: FieldDef): fc.Arbitrary<Uint8Array> {
  const { type } = def;
  const any = fc.uint8Array({ maxLength: 40 });
  const good =
    type.kind === 'uint'
      ? bytesOf(type.width)
      : type.kind === 'topic'
        ? bytesOf(20)
        : type.kind === 'payload'
          ? fc.oneof(fc.json(), fc.constant('{},"aps":1')).map((text) => Buffer.from(`{"aps":${text}}`))
          : type.kind === 'text'
            ? fc.string({ maxLength: 20 }).map((text) => Buffer.from(text))
            : type.kind === 'token' || type.kind === 'bytes'
              ? bytesOf(type.length ?? 9)
              : any;
  return fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: any });
}

/** A courier frame, mostly as the schema has it. */
export const courierFrame: fc.Arbitrary<{ bytes: Uint8Array; dir: 0 | 1 }> = fc
  .constantFrom(...Object.values(COURIER as Record<string, CommandDef>))
  .chain((def) => fc.record({ def: fc.constant(def), dir: fc.constantFrom<0 | 1>(...([0, 1] as const).filter((d) => goes(def, d))) }))
  .chain(({ def, dir }) => {
    const known = Object.values(def.fields).filter((f) => idIn(f, dir) !== undefined);
    const one = fc.oneof(
      {
        weight: 30,
        arbitrary:
          known.length === 0
            ? fc.constant([99, new Uint8Array(1)] as [number, Uint8Array])
            : fc.constantFrom(...known).chain((f) => fieldBytes(f).map((b): [number, Uint8Array] => [idIn(f, dir) as number, b])),
      },
      { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 8 })) },
    );
    return fc.array(one, { maxLength: 8 }).map((fields) => {
      const body = fields.flatMap(([id, b]) => [id, b.length >> 8, b.length & 255, ...b]);
      return { bytes: Uint8Array.from([def.id, 0, 0, body.length >> 8, body.length & 255, ...body]), dir };
    });
  });
