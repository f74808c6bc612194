import type { Dialect } from '../../core/dialect.ts';
import { DIALECT } from '../../core/message.ts';
import { decodeHttp2 } from './decode.ts';
import { Http2Framing } from './framing.ts';
import { glanceHttp2 } from './glance.ts';

/** HTTP/2 as providers speak it with APNs. Carries header tables, so that a message has other bytes on another connection. */
export const http2: Dialect = {
  name: 'http2',
  code: DIALECT.http2,
  law: 'meaning',
  open: () => new Http2Framing(),
  decode: decodeHttp2,
  glance: glanceHttp2,
};
