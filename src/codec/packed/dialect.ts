import type { Dialect } from '../../core/dialect.ts';
import { DIALECT } from '../../core/message.ts';
import { PackedFraming } from './framing.ts';
import { decodePacked } from './message.ts';

/**
 * The courier protocol in its packed encoding, `apns-pack-v1`. A frame refers to values and keys of earlier ones; `index` resolves
 * them in order and keeps what each frame needs, so that `decode` needs no history.
 */
export const packed: Dialect = {
  name: 'courier-packed',
  code: DIALECT.packed,
  law: 'meaning',
  open: (options) => new PackedFraming(options.alpn),
  decode: decodePacked,
};
