import type { TopicLookup } from '../../core/dialect.ts';
import type { Glance } from '../../core/glance.ts';
import type { Dir } from '../../core/stream.ts';
import { plainRest } from './decode.ts';
import { type PlainMessage, readPlain } from './plain.ts';

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
  if (glance.wantsVaried && fillVaried(plain, glance)) glance.kind = kind;
  return !plain.hasBody || glance.addContent(plain.bodyStart, plain.bodyEnd, undefined);
}

const QUOTE = 0x22;

/** The fields that `meaningFields` makes of headers that differ from message to message. False when one needs escapes in JSON. */
function fillVaried(plain: PlainMessage, glance: Glance): boolean {
  const { varied } = glance;
  varied.length = glance.variedNames.length = glance.variedEnds.length = 0;
  varied.number(plain.stream);
  glance.endVaried('streamid');
  varied.number(plain.frames);
  glance.endVaried('frames');
  if (plain.pathLength > 0) {
    varied.byte(QUOTE);
    varied.range(plain.path, 0, plain.pathLength);
    varied.byte(QUOTE);
    glance.endVaried('path');
    varied.byte(QUOTE);
    varied.hex(plain.token, 0, plain.tokenLength);
    varied.byte(QUOTE);
    glance.endVaried('token');
  }
  if (plain.expiration !== '') {
    varied.ascii(plain.expiration);
    glance.endVaried('expiry');
  }
  text('id', plain.id, glance);
  text('request_id', plain.requestId, glance);
  text('unique_id', plain.uniqueId, glance);
  if (/["\\]/.test(plain.collapse)) return false;
  text('collapse_id', plain.collapse, glance);
  return true;
}

function text(name: string, value: string, glance: Glance): void {
  if (value === '') return;
  glance.varied.byte(QUOTE);
  glance.varied.ascii(value);
  glance.varied.byte(QUOTE);
  glance.endVaried(name);
}
