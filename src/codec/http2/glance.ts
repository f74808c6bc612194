import type { TopicLookup } from '../../core/dialect.ts';
import type { Glance } from '../../core/glance.ts';
import type { Dir } from '../../core/stream.ts';
import { utf8Bytes } from '../../core/text.ts';
import type { TextBytes } from '../../core/text-bytes.ts';
import { isoTime } from '../../core/time.ts';
import { HEADERS } from '../../schema/http2-headers.ts';
import { ID_HEADERS, type PlainMessage, readPlain, UUID_LENGTH } from './plain.ts';
import type { NotePlace } from './plain-tree.ts';

/** See `Dialect.glance`: for messages of a kind that `decodeHttp2` has seen before. */
export function glanceHttp2(bytes: Uint8Array, dir: Dir, aux: Uint8Array | undefined, _names: TopicLookup, glance: Glance): boolean {
  const plain = readPlain(bytes, dir, aux);
  const kind = plain?.kind;
  if (plain === undefined || kind === undefined) return false;
  glance.label = kind.label;
  glance.notes = kind.notes;
  glance.tokenFrom = plain.token;
  glance.tokenEnd = plain.tokenLength;
  if (glance.wantsVaried) {
    if (kind.places !== undefined && fillVaried(plain, glance)) {
      fillPlaces(plain, kind.places, glance);
      glance.kind = kind;
    }
  } else {
    glance.info.bytes(kind.leadBytes);
    writeRest(plain, glance.info);
  }
  return !plain.hasBody || glance.addContent(plain.bodyStart, plain.bodyEnd, undefined);
}

const QUOTE = 0x22;
const COMMA = 0x2c;

let lastExpiration = '';
let lastExpiry: Uint8Array = new Uint8Array(0);

/** `plainRest`, without strings. */
function writeRest({ expiration, collapse, hasData, bodyStart, bodyEnd }: PlainMessage, info: TextBytes): void {
  if (expiration !== '') {
    if (expiration !== lastExpiration) {
      lastExpiration = expiration;
      lastExpiry = utf8Bytes(`, expires ${isoTime(Number(expiration), 0, 0)}`);
    }
    info.bytes(lastExpiry);
  }
  if (collapse !== '') {
    info.ascii(', collapse ');
    info.ascii(collapse);
  }
  if (!hasData) return;
  // At most `MAX_PAYLOAD`: one group of three digits behind the first.
  const length = bodyEnd - bodyStart;
  info.ascii(', ');
  if (length < 1000) info.number(length);
  else {
    info.number(Math.floor(length / 1000));
    info.byte(COMMA);
    info.padded(length % 1000, 3);
  }
  info.ascii(length === 1 ? ' byte' : ' bytes');
}

/** Names of the fields that `ID_HEADERS` make: those of the schema behind the dot of their filter names. */
const ID_FIELDS = ID_HEADERS.map((name) => (HEADERS.find((def) => def.name === name)?.alias ?? '').replace(/^apns\./, ''));

/** The places of the notes, as two fields for each. */
function fillPlaces(plain: PlainMessage, places: readonly NotePlace[], glance: Glance): void {
  const { varied } = glance;
  for (const place of places) {
    varied.number('header' in place ? plain.headerStarts[place.header] : plain.bodyStart + place.start);
    glance.endVaried('note.start');
    varied.number('header' in place ? plain.headerEnds[place.header] : plain.bodyStart + place.end);
    glance.endVaried('note.end');
  }
}

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
  for (let i = 0; i < ID_FIELDS.length; i++) {
    if (!plain.hasId[i]) continue;
    varied.byte(QUOTE);
    varied.range(plain.ids[i], 0, UUID_LENGTH);
    varied.byte(QUOTE);
    glance.endVaried(ID_FIELDS[i]);
  }
  if (plain.collapse === '') return true;
  if (/["\\]/.test(plain.collapse)) return false;
  varied.byte(QUOTE);
  varied.ascii(plain.collapse);
  varied.byte(QUOTE);
  glance.endVaried('collapse_id');
  return true;
}
