import type { TopicLookup } from '../../core/dialect.ts';
import type { Glance } from '../../core/glance.ts';
import type { Dir } from '../../core/stream.ts';
import { plainRest } from './decode.ts';
import { readPlain } from './plain.ts';

/** See `Dialect.glance`: for messages of a kind that `decodeHttp2` has seen before, and found nothing to note in. */
export function glanceHttp2(bytes: Uint8Array, dir: Dir, aux: Uint8Array | undefined, _names: TopicLookup, glance: Glance): boolean {
  const plain = readPlain(bytes, dir, aux);
  const kind = plain?.kind;
  if (plain === undefined || kind === undefined) return false;
  glance.label = kind.label;
  glance.tokenFrom = plain.token;
  glance.tokenEnd = plain.tokenLength;
  glance.info.bytes(kind.leadBytes);
  glance.info.ascii(plainRest(plain));
  return !plain.hasBody || glance.addContent(plain.bodyStart, plain.bodyEnd, undefined);
}
