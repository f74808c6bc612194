import { UserError } from '../core/errors.ts';
import type { Input } from '../core/input.ts';
import { type Decoder, DecodeStop, type Emit, EXPANSION, ExpansionGuard, type Limits } from './compression/decoder.ts';
import { GzipDecoder, isGzip } from './compression/gzip.ts';
import { isLz4, Lz4Decoder } from './compression/lz4.ts';
import { isUtf16, Utf16Decoder } from './compression/utf16.ts';
import { isZstd, ZstdDecoder } from './compression/zstd.ts';
import type { Format, OpenInputOptions, Reopen } from './format.ts';
import { LateInput } from './late-input.ts';
import { SpooledSource } from './pipe-source.ts';
import type { Source } from './source.ts';
import type { Store } from './store.ts';

/** Compressed bytes handed to a decoder at once. */
const PIECE = 128 * 1024;
/** Pieces after which other work gets its turn: some decoders never wait. */
const TURN = 16;
/** Pieces of a damaged gzip file around the damage: what a piece holds behind the damage is lost with it. */
const FINE_PIECE = 16;

/** One kind of compression, or another way of writing the same bytes. */
export interface Compression {
  readonly name: string;
  recognise(head: Uint8Array): boolean;
  decoder(emit: Emit): Decoder;
  /** A call that meets damage loses what it had decoded before: it is worth going over the last piece in small steps. */
  readonly lossy: boolean;
}

function compression(kind: Compression): Format {
  return {
    name: kind.name,
    sniff: (head) => kind.recognise(head),
    open: (source, store, options, reopen) => openCompressed(kind, source, store, options, reopen, EXPANSION),
  };
}

const GZIP_KIND: Compression = { name: 'gzip', recognise: isGzip, decoder: (emit) => new GzipDecoder(emit), lossy: true };
const ZSTD_KIND: Compression = { name: 'zstd', recognise: isZstd, decoder: (emit) => new ZstdDecoder(emit), lossy: false };
const UTF16_KIND: Compression = { name: 'UTF-16', recognise: isUtf16, decoder: (emit) => new Utf16Decoder(emit), lossy: false };
const LZ4_KIND: Compression = { name: 'lz4', recognise: isLz4, decoder: (emit) => new Lz4Decoder(emit), lossy: false };

/** Compressions that are recognised and not read, with the program that undoes them. */
const OTHERS: readonly { readonly name: string; readonly mark: readonly number[]; readonly undo: string }[] = [
  { name: 'xz', mark: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], undo: 'xz -dc' },
  { name: 'bzip2', mark: [0x42, 0x5a, 0x68], undo: 'bzip2 -dc' },
  { name: 'compress', mark: [0x1f, 0x9d], undo: 'uncompress -c' },
  { name: 'zip', mark: [0x50, 0x4b, 3, 4], undo: 'unzip -p' },
  { name: '7z', mark: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], undo: '7z x -so' },
  { name: 'lz4 of the old format', mark: [0x02, 0x21, 0x4c, 0x18], undo: 'lz4 -dc' },
];

/** Says of other compressions what they are and how to get at the content. */
export const OTHER_COMPRESSIONS: Format = {
  name: 'other compression',
  sniff(head, name) {
    const found = OTHERS.find(({ mark }) => mark.every((byte, i) => head[i] === byte));
    return (
      found !== undefined &&
      `${name} is compressed with ${found.name}, which is not read here. Unpack it on the way: ${found.undo} FILE | apns-inspect -`
    );
  },
  open(source) {
    throw new UserError('input.unsupported', `${source.name} is compressed in a way that is not read here.`);
  },
};

export const GZIP = compression(GZIP_KIND);
export const ZSTD = compression(ZSTD_KIND);
export const LZ4 = compression(LZ4_KIND);
/** Text that a Windows shell redirected into a file: the formats that are text are read all the same. */
export const UTF16 = compression(UTF16_KIND);

/**
 * Opens a compressed input: it is unpacked into the spool while it is read, and what is inside is opened by its content
 * (a compressed file in a compressed file as well, each layer under the limits of its own). Damage and early ends keep what came before.
 */
function openCompressed(kind: Compression, source: Source, store: Store, options: OpenInputOptions, reopen: Reopen, limits: Limits): Input {
  const unpacked = new SpooledSource(source.name, store);
  unpacked.onClose(() => source.close());
  void unpack(kind, source, unpacked, limits);
  return new LateInput(kind.name, unpacked, store, options, reopen);
}

/** Decodes all of `source` into `to`, waiting whenever the reader is behind. Never rejects: what goes wrong is told by `to`. */
export async function unpack(kind: Compression, source: Source, to: SpooledSource, limits: Limits): Promise<void> {
  const guard = new ExpansionGuard(limits);
  const emit = (bytes: Uint8Array) => {
    guard.count(bytes.length);
    to.append(bytes);
  };
  const decoder = kind.decoder(emit);
  const feed = new Feed(source);
  let pieces = 0;
  try {
    for (let piece = await feed.next(PIECE); piece !== undefined && !to.ended; piece = await feed.next(PIECE)) {
      guard.input += piece.length;
      await to.wanted();
      await decoder.write(piece);
      if (++pieces % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (!to.ended) await decoder.end();
    to.finish();
  } catch (error) {
    if (!(error instanceof DecodeStop)) {
      to.fail(error);
      return;
    }
    if (kind.lossy && error.code !== 'format.expansion-limit') await goOver(kind, source, feed.before, to);
    to.finish({ code: error.code, detail: error.message });
  } finally {
    decoder.close();
  }
}

/**
 * Decodes a damaged source once more, in small steps from `from` (where the piece with the damage begins), and appends what
 * the first time lost. At most as much work as the first time.
 */
async function goOver(kind: Compression, source: Source, from: number, to: SpooledSource): Promise<void> {
  let skip = to.size;
  const decoder = kind.decoder((bytes) => {
    const known = Math.min(skip, bytes.length);
    skip -= known;
    to.append(bytes, known);
  });
  const feed = new Feed(source);
  try {
    for (let piece = await feed.next(PIECE); piece !== undefined && feed.before <= from; piece = await feed.next(PIECE)) {
      if (feed.before < from) await decoder.write(piece);
      else for (let at = 0; at < piece.length; at += FINE_PIECE) await decoder.write(piece.subarray(at, at + FINE_PIECE));
    }
  } catch (error) {
    if (!(error instanceof DecodeStop)) to.fail(error);
  } finally {
    decoder.close();
  }
}

/** The bytes of a source in pieces, waiting for those that are not there yet. */
class Feed {
  /** Position of the piece that was handed out last. */
  before = 0;
  private position = 0;
  private readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  /** The next piece of at most `length` bytes, a buffer of its own; undefined at the end. */
  async next(length: number): Promise<Uint8Array | undefined> {
    for (;;) {
      const { ended } = this.source;
      const piece = new Uint8Array(length);
      const got = this.source.read(piece, 0, length, this.position);
      if (got > 0) {
        this.before = this.position;
        this.position += got;
        return got < length ? piece.subarray(0, got) : piece;
      }
      if (ended) return undefined;
      await this.source.ready();
    }
  }
}
