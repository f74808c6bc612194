import type { Field, Range } from '../../core/message.ts';
import type { Note } from '../../core/note.ts';
import { printable, shorten } from '../../core/text.ts';
import { isoTime } from '../../core/time.ts';
import { HEADERS, type HeaderDef } from '../../schema/http2-headers.ts';
import { type NoteCode, note } from '../../schema/notes.ts';
import { byteCount, field, group } from './fields.ts';
import type { HeaderLine, HeaderList } from './header-list.ts';
import { BLOCK_FAULT, BLOCK_FAULT_WORDS, FORM_WORDS } from './hpack-block.ts';
import { type JwtParts, jwtParts } from './jwt.ts';
import { TAG } from './references.ts';

const DEFS = new Map<string, HeaderDef>(HEADERS.map((def) => [def.name, def]));

const MISSING_WORDS: Readonly<Record<number, string>> = {
  [TAG.lost]: 'entry not captured',
  [TAG.invalid]: 'no such entry',
  [TAG.name]: 'value not captured',
  [TAG.value]: 'name not captured',
  [TAG.cut]: 'beyond the limit',
};

/** The headers of one block as a group, as they stand on the wire. */
export function headersField(list: HeaderList, label: string, at: Range): Field {
  const count = list.lines.length + list.more;
  const text = list.more > 0 ? `${count}, the first ${list.lines.length} shown` : String(count);
  return group('headers', label, count, text, at, 'http2.headers', () => [
    ...list.sizeUpdates.map(({ size, at: place }) =>
      field('table_size', 'Header table size', size, byteCount(size), { at: place, filter: 'http2.header_table_size' }),
    ),
    ...list.lines.map((line) => headerField(line)),
  ]);
}

/** Says what is wrong with the compression of a block, or not known of it. */
export function compressionNotes(list: HeaderList, notes: Note[]): void {
  const unresolved: HeaderLine[] = [];
  const invalid: HeaderLine[] = [];
  for (const line of list.lines) {
    if (line.badHuffman)
      notes.push(note('http2.header-huffman', line.at.start, line.at.end, line.name === undefined ? undefined : printable(line.name)));
    if (line.missing === TAG.invalid) invalid.push(line);
    else if (line.missing === TAG.cut) notes.push(note('http2.header-list-large', line.at.start, line.at.end));
    else if (line.missing !== undefined) unresolved.push(line);
    if (line.missing === TAG.cut) break;
  }
  referenceNote('http2.header-index', invalid, notes);
  referenceNote('http2.header-unresolved', unresolved, notes);
  if (list.more > 0) notes.push(note('http2.header-list-large', 0, 0, `${list.more} more headers`));
  if (list.fault !== BLOCK_FAULT.none && list.faultAt !== undefined) {
    notes.push(note('http2.header-block-broken', list.faultAt.start, list.faultAt.end, BLOCK_FAULT_WORDS[list.fault]));
  }
}

/** One note for all references that say nothing: a hostile block may have hundreds. */
function referenceNote(code: NoteCode, lines: readonly HeaderLine[], notes: Note[]): void {
  const first = lines[0];
  if (first === undefined) return;
  const detail = lines.length === 1 ? `index ${first.index}` : `${lines.length} headers, first index ${first.index}`;
  notes.push(note(code, first.at.start, first.at.end, detail));
}

function headerField(line: HeaderLine): Field {
  const name = line.name ?? `entry ${line.index}`;
  const def = line.name === undefined ? undefined : DEFS.get(line.name);
  const missing = line.missing === undefined ? (line.badHuffman ? 'broken Huffman code' : undefined) : MISSING_WORDS[line.missing];
  const words: string[] = [];
  if (line.value !== undefined) words.push(printable(line.value));
  if (missing !== undefined) words.push(`(${missing})`);
  const how = `${FORM_WORDS[line.form]}${line.index > 0 ? `, index ${line.index}` : ''}`;
  const children: Field[] = [field('form', 'Written as', line.form, how, { at: line.at, filter: 'http2.header.form' })];
  const safe = printable(name);
  return field(safe, safe, line.value, words.join(' '), {
    at: line.at,
    filter: `http2.header.${filterPart(name)}`,
    // What an unknown header holds is not known, so it is not shared.
    privacy: def === undefined ? 'content' : def.privacy,
    children,
  });
}

/** Filter names have no characters from the wire but these; a pseudo-header's colon is left out. */
function filterPart(name: string): string {
  return shorten(name.toLowerCase().replace(/^:/, ''), 64).replace(/[^a-z0-9_.-]/g, '_');
}

/** A provider token and where its characters stand in the row. */
export interface TokenReading {
  readonly parts: JwtParts;
  readonly line: HeaderLine;
  /** Range of a part of the token: exact when the value is neither Huffman-coded nor spaced out, else all of the value. */
  readonly place: (part: { readonly start: number; readonly end: number }) => Range;
}

// A provider sends one token for up to an hour: the last one is kept apart.
let lastText: string | undefined;
let lastParts: JwtParts | undefined;

/** Reads the provider token of an authorization header, with its notes. */
export function readToken(line: HeaderLine, notes: Note[]): TokenReading | undefined {
  if (line.value === undefined) return undefined;
  const space = line.value.indexOf(' ');
  if (space < 0 || line.value.slice(0, space).toLowerCase() !== 'bearer') {
    notes.push(note('http2.authorization-scheme', line.at.start, line.at.end));
    return undefined;
  }
  const text = line.value.slice(space + 1).trim();
  const parts = lastParts !== undefined && text === lastText ? lastParts : jwtParts(text);
  lastText = text;
  lastParts = parts;
  const value = line.valueAt;
  const plain = value !== undefined && value.end - value.start === line.value.length && line.value.length === space + 1 + text.length;
  const place = (part: { readonly start: number; readonly end: number }): Range =>
    value === undefined
      ? line.at
      : plain
        ? { start: value.start + space + 1 + part.start, end: value.start + space + 1 + part.end }
        : value;
  for (const { code, part, detail } of parts.problems) notes.push(note(code, place(part).start, place(part).end, detail));
  return { parts, line, place };
}

/** The provider token as a group. */
export function tokenField(reading: TokenReading): Field {
  const { parts, line } = reading;
  const words = [
    parts.keyId === undefined ? 'no key id' : `key ${printable(parts.keyId)}`,
    parts.teamId === undefined ? 'no team' : `team ${printable(parts.teamId)}`,
    parts.issuedAt === undefined ? 'no time' : `issued ${isoTime(Math.floor(parts.issuedAt), 0, 0)}`,
  ];
  return group('jwt', 'Provider token', null, words.join(', '), line.at, 'apns.jwt', () => tokenMembers(reading));
}

function tokenMembers({ parts, line, place }: TokenReading): Field[] {
  const header = { at: place(parts.headerAt) };
  const claims = { at: place(parts.claimsAt) };
  const children: Field[] = [];
  if (parts.algorithm !== undefined)
    children.push(field('alg', 'Algorithm', parts.algorithm, undefined, { ...header, filter: 'apns.jwt.alg' }));
  if (parts.keyId !== undefined)
    children.push(field('kid', 'Key id', parts.keyId, undefined, { ...header, filter: 'apns.jwt.kid', privacy: 'identity' }));
  if (parts.teamId !== undefined)
    children.push(field('iss', 'Team id', parts.teamId, undefined, { ...claims, filter: 'apns.jwt.iss', privacy: 'identity' }));
  if (parts.issuedAt !== undefined) {
    const iat = parts.issuedAt;
    const seconds = Number.isSafeInteger(iat) && iat > 0xffffffff ? BigInt(iat) : iat;
    children.push(field('iat', 'Issued at', seconds, isoTime(Math.floor(iat), 0, 0), { ...claims, filter: 'apns.jwt.iat' }));
  }
  children.push(
    ...otherMembers('header', parts.header, ['alg', 'kid'], header),
    ...otherMembers('claims', parts.claims, ['iss', 'iat'], claims),
  );
  if (parts.signature !== undefined && parts.signature.length > 0) {
    children.push(
      field('signature', 'Signature', parts.signature, `${parts.signature.length} bytes`, {
        at: place(parts.signatureAt),
        filter: 'apns.jwt.signature',
        privacy: 'credential',
      }),
    );
  }
  const { value = '' } = line;
  const compact = value.slice(value.indexOf(' ') + 1).trim();
  const whole = { start: 0, end: compact.length };
  children.push(
    field('compact', 'Compact form', compact, `${compact.length} characters`, {
      at: place(whole),
      filter: 'apns.jwt.compact',
      privacy: 'credential',
    }),
  );
  return children;
}

/** Members of a token part that have no field of their own. */
function otherMembers(
  part: string,
  object: JwtParts['header'],
  known: readonly string[],
  extra: { at: { start: number; end: number } },
): Field[] {
  if (object === undefined) return [];
  return Object.entries(object)
    .filter(([key]) => !known.includes(key))
    .slice(0, 16)
    .map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return field(printable(key), `${printable(key)} (${part})`, text, printable(text), {
        ...extra,
        filter: `apns.jwt.${part}.${filterPart(key)}`,
        privacy: 'identity',
      });
    });
}
