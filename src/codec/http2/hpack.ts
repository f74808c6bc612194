import { HeaderIndex } from './header-index.ts';
import { type HeaderList, readHeaders } from './header-list.ts';
import { ReferenceReader } from './references.ts';
import { RowState } from './row-state.ts';

/**
 * Decodes the header blocks of one direction in the order of their sending: what live peers and tests use.
 * Faults stand in the result; after a broken block the table is unknown. Source: RFC 7541.
 */
export class HpackDecoder {
  readonly index = new HeaderIndex();
  private readonly row = new RowState();

  decode(block: Uint8Array): HeaderList {
    this.row.open(1, 0);
    this.index.walk(block, 0, block.length, this.row);
    const { bytes, length } = this.row.references;
    return readHeaders({ bytes: block, pieces: [{ offset: 0, at: 0 }] }, new ReferenceReader(bytes.subarray(0, length)));
  }
}
