import type { Decoder, Emit } from './decoder.ts';

/** Units behind the mark that must be ASCII: no capture begins like that. */
const ASCII_UNITS = 4;

/** Text in UTF-16 with a byte order mark, as a Windows shell writes what a program printed. */
export function isUtf16(head: Uint8Array): boolean {
  const low = head[0] === 0xff && head[1] === 0xfe ? 0 : 1;
  if (low === 1 && !(head[0] === 0xfe && head[1] === 0xff)) return false;
  for (let unit = 1; unit <= ASCII_UNITS; unit++) {
    const char = head[2 * unit + low];
    if (head[2 * unit + 1 - low] !== 0 || !(char < 0x80) || char === 0) return false;
  }
  return true;
}

/** UTF-16 of either byte order into UTF-8; halves of pairs become replacement characters. */
export class Utf16Decoder implements Decoder {
  private readonly emit: Emit;
  private readonly encoder = new TextEncoder();
  private text: InstanceType<typeof TextDecoder> | undefined = undefined;

  constructor(emit: Emit) {
    this.emit = emit;
  }

  write(piece: Uint8Array): void {
    this.text ??= new TextDecoder(piece[0] === 0xff ? 'utf-16le' : 'utf-16be');
    this.emit(this.encoder.encode(this.text.decode(piece, { stream: true })));
  }

  end(): void {
    if (this.text !== undefined) this.emit(this.encoder.encode(this.text.decode()));
  }

  close(): void {}
}
