import { DIALECT } from '../../src/core/message.ts';
import type { ByteStore } from '../../src/core/stream.ts';
import { CHUNK_ROWS, FLAG_PIECES } from '../../src/timeline/columns.ts';
import { Rows } from '../../src/timeline/rows.ts';
import { type Decoders, Timeline } from '../../src/timeline/timeline.ts';

const none = (): never => {
  throw new Error('nothing is decoded here');
};

const NO_DECODERS: Decoders = {
  decode: none,
  glance: none,
  glanceTls: none,
  tls: none,
  expand: none,
  payloadJson: none,
  isJsonLine: none,
  topicName: none,
  learnedNames: none,
};

/** A row of courier messages: where its bytes are, piece by piece, and what its columns hold. */
export interface ColumnRow {
  readonly stream?: number;
  readonly dir?: 0 | 1;
  readonly length?: number;
  readonly packet?: number;
  readonly pieces?: readonly { readonly address: number; readonly length: number }[];
}

/** A timeline of rows written straight into columns, over bytes that `store` has. */
export function columnTimeline(rows: Iterable<ColumnRow>, store: ByteStore = { read: none }): Timeline {
  const index = new Rows({ packet: 0, sec: Number.NaN, nsec: 0 }, { append: none });
  const { columns } = index;
  for (const { stream = 0, dir = 0, length = 0, packet = columns.rows + 1, pieces = [] } of rows) {
    const chunk = columns.tail();
    const i = columns.rows & (CHUNK_ROWS - 1);
    chunk.packet[i] = packet;
    chunk.setStream(i, stream * 2 + dir);
    chunk.type[i] = DIALECT.courier * 256 + 10 + dir;
    chunk.setLength(i, pieces.length === 0 ? length : pieces.reduce((sum, p) => sum + p.length, 0));
    if (pieces.length === 1) chunk.setAddress(i, pieces[0].address);
    else if (pieces.length > 1) {
      chunk.flags[i] |= FLAG_PIECES;
      chunk.setPieces(i, index.pieces.count);
      for (const piece of pieces) index.pieces.add(piece.address, piece.length);
    }
    columns.rows++;
  }
  return new Timeline(index, store, [], NO_DECODERS);
}
