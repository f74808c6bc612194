import { ALERTS, EXTENSION, EXTENSIONS, GROUPS, isGrease, SIGNATURE_SCHEMES, SSL3, TLS12, VERSIONS, versionName } from '../schema/tls.ts';
import { suite, suiteName } from '../schema/tls-suite.ts';
import type { Cursor } from './cursor.ts';
import { bytesText, type FieldList, LIST_LIMIT, FieldList as List, named } from './field-list.ts';
import { isRetry } from './hello.ts';

const H = 'tls.handshake';

const COMPRESSION: Readonly<Record<number, string>> = { 0: 'null', 1: 'DEFLATE', 64: 'LZS' };
const POINT_FORMATS: Readonly<Record<number, string>> = {
  0: 'uncompressed',
  1: 'ansiX962_compressed_prime',
  2: 'ansiX962_compressed_char2',
};
const FRAGMENT_LENGTHS: Readonly<Record<number, string>> = { 1: '512', 2: '1024', 3: '2048', 4: '4096' };
const PSK_MODES: Readonly<Record<number, string>> = { 0: 'psk_ke', 1: 'psk_dhe_ke' };
export const COMPRESSIONS: Readonly<Record<number, string>> = { 1: 'zlib', 2: 'brotli', 3: 'zstd' };

const group = (value: number): string => (isGrease(value) ? `GREASE (0x${value.toString(16)})` : named(GROUPS, value));
export const scheme = (value: number): string => (isGrease(value) ? `GREASE (0x${value.toString(16)})` : named(SIGNATURE_SCHEMES, value));

/** What the info line of a hello says. */
interface Gist {
  version: number;
  sni: string;
  alpn: string[];
  extra: string[];
}

/** ClientHello; the cursor stands behind the handshake header. Returns the info line. Source: RFC 8446 section 4.1.2. */
export function decodeClientHello(c: Cursor, out: FieldList): string {
  const gist: Gist = { version: 0, sni: '', alpn: [], extra: [] };
  gist.version = out.uint(c, 2, `${H}.version`, 'Version', versionName);
  out.rest(c.take(32), `${H}.random`, 'Random');
  out.rest(c.vector(1), `${H}.session_id`, 'Session ID');
  const suites = out.numbers(c.vector(2), 2, `${H}.ciphersuite`, 'Cipher Suite', suiteName);
  out.numbers(c.vector(1), 1, `${H}.comp_method`, 'Compression Method', (value) => named(COMPRESSION, value, 2));
  decodeExtensions(c, out, 'client', gist);
  out.close(c);
  return [
    VERSIONS[gist.version] ?? '',
    gist.sni === '' ? '' : `SNI ${gist.sni}`,
    gist.alpn.length === 0 ? '' : `ALPN ${gist.alpn.join(', ')}`,
    `${suites.length} suites`,
    ...gist.extra,
  ]
    .filter((t) => t !== '')
    .join(', ');
}

/** ServerHello or HelloRetryRequest. */
export function decodeServerHello(c: Cursor, out: FieldList): { info: string; retry: boolean } {
  const gist: Gist = { version: 0, sni: '', alpn: [], extra: [] };
  gist.version = out.uint(c, 2, `${H}.version`, 'Version', versionName);
  const random = c.take(32);
  const retry = random.ok && isRetry(random.bytes, random.at);
  out.rest(random, `${H}.random`, 'Random');
  out.rest(c.vector(1), `${H}.session_id`, 'Session ID');
  const at = c.at;
  const id = out.uint(c, 2, `${H}.ciphersuite`, 'Cipher Suite', suiteName);
  const complete = c.ok;
  out.uint(c, 1, `${H}.comp_method`, 'Compression Method', (value) => named(COMPRESSION, value, 2));
  decodeExtensions(c, out, retry ? 'retry' : 'server', gist);
  out.close(c);
  if (complete && gist.version < TLS12) out.note('tls.old-version', 4, 6, gist.version <= SSL3 ? 'SSL' : VERSIONS[gist.version]);
  const known = suite(id);
  if (complete && known !== undefined && (known.export || /NULL|RC4|_DES_|DES40/.test(known.name)))
    out.note('tls.weak-suite', at, at + 2, known.name);
  const info = [
    VERSIONS[gist.version] ?? '',
    known?.name ?? suiteName(id),
    gist.alpn.length === 0 ? '' : `ALPN ${gist.alpn.join(', ')}`,
    ...gist.extra,
  ]
    .filter((t) => t !== '')
    .join(', ');
  return { info, retry };
}

/** The extensions of any message, with their list length in front. `gist` collects what the info line tells. */
export function decodeExtensions(
  c: Cursor,
  out: FieldList,
  from: 'client' | 'server' | 'retry' | 'encrypted' | 'certificate' | 'request' | 'ticket',
  gist: Gist = { version: 0, sni: '', alpn: [], extra: [] },
): Gist {
  if (c.left === 0) return gist;
  const list = c.vector(2);
  for (let n = 0; list.left > 0 && n < LIST_LIMIT; n++) {
    const start = list.at;
    const type = list.uint(2);
    const body = list.vector(2);
    const name = isGrease(type) ? 'GREASE' : (EXTENSIONS[type] ?? `unknown ${type}`);
    const inside = new List(out.notes);
    inside.add(`${H}.extension.type`, 'Type', type, `${name} (${type})`, { start, end: start + 2 });
    inside.add(`${H}.extension.len`, 'Length', body.left, String(body.left), { start: start + 2, end: start + 4 });
    const whole = { start, end: list.at };
    if (!body.ok) {
      out.note('tls.malformed', start, list.end, name);
      out.add(`${H}.extension`, `Extension: ${name}`, undefined, 'cut off', { start, end: list.end }, inside);
      break;
    }
    const text = decodeExtension(type, body, inside, from, gist);
    inside.close(body);
    out.add(`${H}.extension`, `Extension: ${name}`, undefined, text, whole, inside);
  }
  if (!list.ok) out.note('tls.malformed', list.end, list.end);
  return gist;
}

type Decode = (c: Cursor, out: FieldList, from: string, gist: Gist) => string;

/** How each extension is read; one that is not here stays bytes. */
const DECODERS: Readonly<Record<number, Decode>> = {
  [EXTENSION.serverName]: (c, out, _from, gist) => {
    if (c.left === 0) return 'acknowledged';
    const list = c.vector(2);
    while (list.left > 0) {
      list.uint(1);
      const name = list.vector(2);
      const text = name.text();
      out.add(`${H}.extensions_server_name`, 'Server Name', text, text, { start: name.at, end: name.end }, undefined, 'address');
      gist.sni = text;
    }
    return gist.sni;
  },
  [EXTENSION.alpn]: (c, out, _from, gist) => {
    const list = c.vector(2);
    while (list.left > 0 && gist.alpn.length < LIST_LIMIT) {
      const name = list.vector(1);
      const text = name.text();
      out.add(`${H}.extensions_alpn_str`, 'ALPN Next Protocol', text, text, { start: name.at, end: name.end });
      gist.alpn.push(text);
    }
    return gist.alpn.join(', ');
  },
  [EXTENSION.supportedVersions]: (c, out, from, gist) => {
    const list = from === 'client' ? c.vector(1) : c;
    const values = out
      .numbers(list, 2, `${H}.extensions.supported_version`, 'Supported Version', versionName)
      .filter((value) => !isGrease(value));
    gist.version = Math.max(gist.version, ...values.filter((value) => value >> 8 === 3));
    return values.map((value) => VERSIONS[value] ?? versionName(value)).join(', ');
  },
  [EXTENSION.supportedGroups]: (c, out) =>
    numbersText(out.numbers(c.vector(2), 2, `${H}.extensions_supported_group`, 'Supported Group', group), group),
  [EXTENSION.pointFormats]: (c, out) =>
    `${out.numbers(c.vector(1), 1, `${H}.extensions_ec_point_format`, 'EC Point Format', (v) => named(POINT_FORMATS, v, 2)).length} formats`,
  [EXTENSION.signatureAlgorithms]: (c, out) =>
    `${out.numbers(c.vector(2), 2, `${H}.sig_hash_alg`, 'Signature Algorithm', scheme).length} algorithms`,
  [EXTENSION.signatureAlgorithmsCert]: (c, out) =>
    `${out.numbers(c.vector(2), 2, `${H}.sig_hash_alg`, 'Signature Algorithm', scheme).length} algorithms`,
  [EXTENSION.compressCertificate]: (c, out) =>
    numbersText(
      out.numbers(c.vector(1), 2, 'tls.compress_certificate.algorithm', 'Algorithm', (v) => named(COMPRESSIONS, v)),
      (v) => COMPRESSIONS[v] ?? String(v),
    ),
  [EXTENSION.maxFragmentLength]: (c, out) =>
    `${FRAGMENT_LENGTHS[out.uint(c, 1, `${H}.max_fragment_length`, 'Maximum Fragment Length', (v) => FRAGMENT_LENGTHS[v] ?? String(v))] ?? 'unknown'} bytes`,
  [EXTENSION.recordSizeLimit]: (c, out) => `${out.uint(c, 2, 'tls.record_size_limit', 'Record Size Limit')} bytes`,
  [EXTENSION.sessionTicket]: (c, out, _from, gist) => {
    if (c.left === 0) return 'supported';
    gist.extra.push('offers a ticket');
    return bytesText(out.rest(c, `${H}.session_ticket`, 'Session Ticket'));
  },
  [EXTENSION.renegotiationInfo]: (c, out) => bytesText(out.rest(c.vector(1), `${H}.extensions_reneg_info`, 'Renegotiation Info')),
  [EXTENSION.extendedMasterSecret]: () => 'yes',
  [EXTENSION.encryptThenMac]: () => 'yes',
  [EXTENSION.cookie]: (c, out) => bytesText(out.rest(c.vector(2), `${H}.extensions.cookie`, 'Cookie')),
  [EXTENSION.pskModes]: (c, out) =>
    numbersText(
      out.numbers(c.vector(1), 1, 'tls.extension.psk_ke_mode', 'PSK Key Exchange Mode', (v) => named(PSK_MODES, v, 2)),
      (v) => PSK_MODES[v] ?? String(v),
    ),
  [EXTENSION.earlyData]: (c, out, from, gist) => {
    if (from === 'ticket') return `at most ${out.uint(c, 4, 'tls.early_data.max_early_data_size', 'Maximum Early Data Size')} bytes`;
    gist.extra.push(from === 'client' ? 'early data' : 'early data accepted');
    return from === 'client' ? 'follows' : 'accepted';
  },
  [EXTENSION.preSharedKey]: (c, out, from, gist) => {
    if (from !== 'client') {
      gist.extra.push('resumes');
      return `identity ${out.uint(c, 2, `${H}.extensions.psk.identity.selected`, 'Selected Identity')}`;
    }
    const list = c.vector(2);
    let count = 0;
    while (list.left > 0 && count++ < LIST_LIMIT) {
      out.rest(list.vector(2), `${H}.extensions.psk.identity.identity`, 'Identity');
      out.uint(list, 4, `${H}.extensions.psk.identity.obfuscated_ticket_age`, 'Obfuscated Ticket Age');
    }
    out.rest(c.vector(2), `${H}.extensions.psk.binders`, 'PSK Binders');
    gist.extra.push('offers a PSK');
    return `${count} identities`;
  },
  [EXTENSION.keyShare]: (c, out, from) => {
    if (from === 'retry') return group(out.uint(c, 2, `${H}.extensions_key_share_selected_group`, 'Selected Group', group));
    const list = from === 'client' ? c.vector(2) : c;
    const groups: string[] = [];
    while (list.left > 0 && groups.length < LIST_LIMIT) {
      groups.push(GROUPS[out.uint(list, 2, `${H}.extensions_key_share_group`, 'Group', group)] ?? 'other');
      out.rest(list.vector(2), `${H}.extensions_key_share_key_exchange`, 'Key Exchange');
    }
    return groups.join(', ');
  },
};

function decodeExtension(type: number, c: Cursor, out: FieldList, from: string, gist: Gist): string {
  const decode = DECODERS[type];
  if (decode !== undefined) return decode(c, out, from, gist);
  if (c.left === 0) return 'empty';
  return bytesText(out.rest(c, `${H}.extension.data`, 'Data'));
}

function numbersText(values: readonly number[], naming: (value: number) => string): string {
  return values.slice(0, 4).map(naming).join(', ') + (values.length > 4 ? ', …' : '');
}

/** An alert in words: "fatal: certificate_expired, the certificate has expired or is not valid yet". */
export function alertText(level: number, description: number): string {
  const [name, words] = ALERTS[description] ?? [`alert ${description}`, 'not registered'];
  return `${level === 2 ? 'fatal' : level === 1 ? 'warning' : `level ${level}`}: ${name}, ${words}`;
}
