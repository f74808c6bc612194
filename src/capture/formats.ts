import { GZIP, LZ4, OTHER_COMPRESSIONS, UTF16, ZSTD } from './compressed.ts';
import type { DirectoryFormat, Format } from './format.ts';
import { DIRECTORY_STREAM_FORMATS, STREAM_FORMATS } from './formats/catalogue.ts';

export type { DirectoryFormat, Format, OpenInputOptions } from './format.ts';
export { SNIFF_LENGTH } from './format.ts';

/** Asked in this order, after pcap and pcapng; the first that recognises the content reads the input. */
export const FORMATS: readonly Format[] = [GZIP, ZSTD, LZ4, UTF16, OTHER_COMPRESSIONS, ...STREAM_FORMATS];

export const DIRECTORY_FORMATS: readonly DirectoryFormat[] = DIRECTORY_STREAM_FORMATS;
