import { duration } from '../core/time.ts';
import { GROUPS, HANDSHAKE, SSL3, TLS12, TLS13 } from '../schema/tls.ts';
import { suite } from '../schema/tls-suite.ts';
import type { Cursor } from './cursor.ts';
import { decodeAuthorities } from './decode-certificate.ts';
import { decodeExtensions, scheme } from './decode-hello.ts';
import { bytesText, type FieldList, named } from './field-list.ts';
import type { Facts } from './row.ts';

const H = 'tls.handshake';

const CERTIFICATE_TYPES: Readonly<Record<number, string>> = {
  1: 'RSA sign',
  2: 'DSS sign',
  3: 'RSA fixed DH',
  4: 'DSS fixed DH',
  64: 'ECDSA sign',
  65: 'RSA fixed ECDH',
  66: 'ECDSA fixed ECDH',
};
const CURVE_TYPES: Readonly<Record<number, string>> = { 1: 'explicit_prime', 2: 'explicit_char2', 3: 'named_curve' };
const STATUS_TYPES: Readonly<Record<number, string>> = { 1: 'OCSP', 2: 'OCSP multi' };

type Decode = (c: Cursor, out: FieldList, facts: Facts) => string;

/** How each handshake message but hellos and certificates is read; returns the info line. */
const DECODERS: Readonly<Record<number, Decode>> = {
  [HANDSHAKE.newSessionTicket]: (c, out, facts) => {
    const lifetime = out.uint(c, 4, `${H}.session_ticket_lifetime_hint`, 'Session Ticket Lifetime', (value) =>
      value === 0 ? 'not told' : duration(value),
    );
    if (facts.version === TLS13) {
      out.uint(c, 4, `${H}.session_ticket_age_add`, 'Session Ticket Age Add');
      out.rest(c.vector(1), `${H}.session_ticket_nonce`, 'Session Ticket Nonce');
    }
    const ticket = out.rest(c.vector(2), `${H}.session_ticket`, 'Session Ticket');
    if (facts.version === TLS13) decodeExtensions(c, out, 'ticket');
    return `${lifetime === 0 ? '' : `${duration(lifetime)}, `}${ticket.length} bytes`;
  },
  [HANDSHAKE.encryptedExtensions]: (c, out) => {
    const gist = decodeExtensions(c, out, 'encrypted');
    return [gist.alpn.length > 0 ? `ALPN ${gist.alpn.join(', ')}` : '', ...gist.extra].filter((text) => text !== '').join(', ');
  },
  [HANDSHAKE.serverKeyExchange]: (c, out, facts) => {
    const exchange = suite(facts.suite)?.exchange ?? '';
    if (exchange.includes('PSK')) out.rest(c.vector(2), `${H}.hint`, 'Hint');
    if (exchange.startsWith('ECDHE')) return ellipticExchange(c, out, facts);
    if (exchange.startsWith('DHE') || exchange.startsWith('DH_anon')) {
      const prime = out.rest(c.vector(2), `${H}.p`, 'p');
      out.rest(c.vector(2), `${H}.g`, 'g');
      out.rest(c.vector(2), `${H}.ys`, 'Public Key');
      signature(c, out, facts);
      return `DH ${prime.length * 8} bit`;
    }
    if (c.left > 0) out.rest(c, `${H}.key_exchange`, 'Parameters');
    return exchange;
  },
  [HANDSHAKE.certificateRequest]: (c, out, facts) => {
    if (facts.version === TLS13) {
      const context = c.vector(1);
      if (context.left > 0) out.rest(context, `${H}.certificate_request_context`, 'Certificate Request Context');
      decodeExtensions(c, out, 'request');
      return '';
    }
    out.numbers(c.vector(1), 1, `${H}.cert_type`, 'Certificate Type', (value) => named(CERTIFICATE_TYPES, value, 2));
    if (facts.version >= TLS12) out.numbers(c.vector(2), 2, `${H}.sig_hash_alg`, 'Signature Algorithm', scheme);
    const names = decodeAuthorities(c, out);
    return names === 0 ? 'any authority' : `${names} authorities`;
  },
  [HANDSHAKE.certificateVerify]: (c, out, facts) => {
    signature(c, out, facts);
    return '';
  },
  [HANDSHAKE.clientKeyExchange]: (c, out, facts) => {
    const exchange = suite(facts.suite)?.exchange ?? '';
    if (exchange.includes('PSK')) out.rest(c.vector(2), `${H}.identity`, 'Identity', 'identity');
    if (exchange === 'RSA' || exchange === 'RSA_PSK') {
      const told = c.left >= 2 ? (c.bytes[c.at] << 8) | c.bytes[c.at + 1] : -1;
      const encrypted = facts.version > SSL3 && told === c.left - 2 ? c.vector(2) : c;
      out.rest(encrypted, `${H}.epms`, 'Encrypted PreMaster');
      if (encrypted === c) c.at = c.end;
    } else if (exchange.startsWith('ECDHE') || exchange.startsWith('ECDH_')) out.rest(c.vector(1), `${H}.client_point`, 'Public Key');
    else if (exchange.startsWith('DH') && c.left > 0) out.rest(c.vector(2), `${H}.yc`, 'Public Key');
    else if (c.left > 0) out.rest(c, `${H}.key_exchange`, 'Parameters');
    return exchange;
  },
  [HANDSHAKE.finished]: (c, out) => {
    out.rest(c, `${H}.verify_data`, 'Verify Data');
    return '';
  },
  [HANDSHAKE.certificateStatus]: (c, out) => {
    out.uint(c, 1, `${H}.extensions_status_request_type`, 'Certificate Status Type', (value) => named(STATUS_TYPES, value, 2));
    return `OCSP response, ${out.rest(c.vector(3), `${H}.ocsp_response`, 'OCSP Response', 'identity').length} bytes`;
  },
  [HANDSHAKE.keyUpdate]: (c, out) =>
    out.uint(c, 1, `${H}.key_update.request_update`, 'Key Update Request', (value) =>
      value === 1 ? 'update requested (1)' : `not requested (${value})`,
    ) === 1
      ? 'asks the other side to update too'
      : '',
  [HANDSHAKE.nextProtocol]: (c, out) => {
    const text = c.vector(1);
    const protocol = text.text();
    out.add(`${H}.npn_selected_protocol`, 'Selected Protocol', protocol, protocol, { start: text.at, end: text.end });
    out.rest(c.vector(1), `${H}.npn_padding`, 'Padding');
    return protocol;
  },
};

/** Body of a handshake message, the cursor behind the header. Source: RFC 5246 section 7.4, RFC 8446 section 4. */
export function decodeHandshakeBody(type: number, c: Cursor, out: FieldList, facts: Facts): string {
  const decode = DECODERS[type];
  if (decode === undefined) {
    if (c.left === 0) return '';
    return bytesText(out.rest(c, `${H}.body`, 'Body'));
  }
  const info = decode(c, out, facts);
  out.close(c);
  return info;
}

function ellipticExchange(c: Cursor, out: FieldList, facts: Facts): string {
  const type = out.uint(c, 1, `${H}.server_curve_type`, 'Curve Type', (value) => named(CURVE_TYPES, value, 2));
  if (type !== 3) {
    out.rest(c, `${H}.key_exchange`, 'Parameters');
    return 'explicit curve';
  }
  const curve = out.uint(c, 2, `${H}.server_named_curve`, 'Named Curve', (value) => named(GROUPS, value));
  out.rest(c.vector(1), `${H}.server_point`, 'Public Key');
  if (c.left > 0) signature(c, out, facts);
  return GROUPS[curve] ?? `group ${curve}`;
}

function signature(c: Cursor, out: FieldList, facts: Facts): void {
  if (c.left === 0) return;
  if (facts.version >= TLS12) out.uint(c, 2, `${H}.sig_hash_alg`, 'Signature Algorithm', scheme);
  out.rest(c.vector(2), `${H}.sig`, 'Signature');
}
