import type { Privacy } from '../core/message.ts';

/*
 * The shape of the rows that say what bytes mean. Rows are data: they survive JSON.stringify, so that decoder, encoder,
 * labels, filter names, documents and the Wireshark dissector can all be made from them.
 */

/** A: read in Apple's own client, or shown by running code. B: two implementations agree. C: one source. D: a guess. */
export type Confidence = 'A' | 'B' | 'C' | 'D';

export type Unit = 's' | 'ms' | 'ns' | 'min' | 'bytes';

/**
 * How a value is written.
 * - `uint`: big-endian unsigned integer of `width` bytes. `time` marks a Unix time in `unit`; without it `unit` is a span.
 * - `bytes`: opaque, `length` bytes when fixed.
 * - `decimal`: an ASCII decimal number.
 * - `topic`: SHA-1 of the topic's name; `salted` allows 32 bytes of SHA-256 with a salt as well. `token`: a push token, `length` bytes when fixed.
 * - `payload`: JSON, binary property list or anything else: room `payload` takes it apart.
 * - `nonce`: version u8, Unix time in ms u64, random. `signature`: two bytes of scheme, then the signature.
 * - `failures`: u32 error code, u16 count.
 */
export type FieldType =
  | { readonly kind: 'uint'; readonly width: 1 | 2 | 4 | 8; readonly unit?: Unit; readonly time?: true }
  | { readonly kind: 'bytes'; readonly length?: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'decimal'; readonly unit?: Unit }
  | { readonly kind: 'topic'; readonly salted?: true }
  | { readonly kind: 'token'; readonly length?: number }
  | { readonly kind: 'certificate' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'payload' }
  | { readonly kind: 'protobuf' }
  | { readonly kind: 'padding' }
  | { readonly kind: 'nonce' }
  | { readonly kind: 'signature' }
  | { readonly kind: 'address' }
  | { readonly kind: 'failures' };

/** The column of the index that a field fills. */
export type Role = 'id' | 'topic' | 'token' | 'status';

/** Filter names that several dialects share: `apns.topic` finds the topic of any of them. */
export type Alias = 'topic' | 'token' | 'id' | 'status' | 'expiry' | 'timestamp' | 'priority' | 'payload';

/** A field's id; a pair where the two directions differ, with the direction left out in which the field does not occur. */
type FieldId = number | { readonly c2s?: number; readonly s2c?: number };

export interface FieldDef {
  readonly id: FieldId;
  readonly type: FieldType;
  readonly label: string;
  /** One or two sentences: what it is, and where sources disagree. */
  readonly doc: string;
  /** Short names of the sources, explained in `schema/sources.ts`. */
  readonly source: string;
  readonly confidence: Confidence;
  /** Names of known values. */
  readonly names?: Readonly<Record<number, string>>;
  /** Names of flag bits, by mask. */
  readonly flags?: Readonly<Record<number, string>>;
  /** May stand several times. */
  readonly repeated?: true;
  /** The command makes no sense without it. */
  readonly required?: true;
  /** Apple's client enters it into the value table when it writes the packed encoding. */
  readonly indexed?: true;
  readonly role?: Role;
  readonly alias?: Alias;
  readonly privacy?: Privacy;
  /** Names the field of the same command whose length this number is compared with. */
  readonly lengthOf?: string;
}

/**
 * One part of a command that is written without ids: `take` a fixed number of bytes, a value after a length of `prefix`
 * bytes (big-endian), or as many values as the number in field `times` says, each as long as the number in `size`.
 */
export type Part =
  | { readonly field: string; readonly take: number }
  | { readonly field: string; readonly prefix: 2 | 4 }
  | { readonly field: string; readonly times: string; readonly size: string };

export interface CommandDef {
  readonly id: number;
  readonly label: string;
  readonly direction: 'c2s' | 's2c' | 'both';
  readonly doc: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly fields: Readonly<Record<string, FieldDef>>;
  /** First part of the filter names when several commands share their fields; the command's own name otherwise. */
  readonly space?: string;
  /** Layouts of a command that has no ids; the first that tiles the bytes holds. A field's id is then its own number within the dialect. */
  readonly layouts?: readonly (readonly Part[])[];
  /** Order in which Apple's client writes the fields; otherwise the order of the rows. */
  readonly order?: readonly string[];
  /**
   * The one line of a list, as templates: `{name}` is the field's text, `{name#}` how often it stands, `{name*}` its first
   * texts. A template whose field is absent is left out; the others are joined with commas.
   */
  readonly summary?: readonly string[];
}

/** The commands of one dialect by name. Several commands may share an id when their directions differ. */
export type CommandTable = Readonly<Record<string, CommandDef>>;

export const uint = (width: 1 | 2 | 4 | 8, unit?: Unit): FieldType =>
  unit === undefined ? { kind: 'uint', width } : { kind: 'uint', width, unit };

/** A Unix time in `unit`. */
export const time = (width: 4 | 8, unit: 's' | 'ms' | 'ns'): FieldType => ({ kind: 'uint', width, unit, time: true });

export const bytes = (length?: number): FieldType => (length === undefined ? { kind: 'bytes' } : { kind: 'bytes', length });

export const TEXT: FieldType = { kind: 'text' };
export const TOPIC: FieldType = { kind: 'topic' };
export const SALTABLE_TOPIC: FieldType = { kind: 'topic', salted: true };
/** A device's token: 32 bytes in everything seen from 2009 to 2026. */
export const TOKEN: FieldType = { kind: 'token', length: 32 };
export const CERTIFICATE: FieldType = { kind: 'certificate' };
export const UUID: FieldType = { kind: 'uuid' };
export const PAYLOAD: FieldType = { kind: 'payload' };
export const PROTOBUF: FieldType = { kind: 'protobuf' };
export const PADDING: FieldType = { kind: 'padding' };
export const NONCE: FieldType = { kind: 'nonce' };
export const SIGNATURE: FieldType = { kind: 'signature' };
export const ADDRESS: FieldType = { kind: 'address' };
export const FAILURES: FieldType = { kind: 'failures' };
export const decimal = (unit?: Unit): FieldType => (unit === undefined ? { kind: 'decimal' } : { kind: 'decimal', unit });

/** The id of a field in one direction (0 = c2s, 1 = s2c), or undefined when it does not occur there. */
export function idIn(field: FieldDef, dir: 0 | 1): number | undefined {
  const { id } = field;
  return typeof id === 'number' ? id : dir === 0 ? id.c2s : id.s2c;
}

/** Whether a command can be sent in a direction. */
export function goes(command: CommandDef, dir: 0 | 1): boolean {
  return command.direction === 'both' || (command.direction === 'c2s') === (dir === 0);
}

/** Key names to the types of their values in words, for documents: "u32 s", "32 bytes". */
export function typeText(type: FieldType): string {
  switch (type.kind) {
    case 'uint':
      return `u${type.width * 8}${type.unit === undefined ? '' : type.time ? ` Unix time, ${type.unit}` : ` ${type.unit}`}`;
    case 'bytes':
      return type.length === undefined ? 'bytes' : `${type.length} bytes`;
    case 'token':
      return type.length === undefined ? 'token' : `token, ${type.length} bytes`;
    case 'text':
      return 'UTF-8 text';
    case 'decimal':
      return `ASCII decimal${type.unit === undefined ? '' : ` ${type.unit}`}`;
    case 'topic':
      return type.salted ? 'SHA-1 or salted SHA-256 of the topic' : 'SHA-1 of the topic';
    case 'certificate':
      return 'X.509 certificate, DER';
    case 'uuid':
      return 'UUID, 16 bytes';
    case 'payload':
      return 'JSON, property list or other';
    case 'protobuf':
      return 'protocol buffer';
    case 'padding':
      return 'zero bytes';
    case 'nonce':
      return 'nonce, 17 bytes';
    case 'signature':
      return 'signature';
    case 'address':
      return 'IPv4 or IPv6 address';
    case 'failures':
      return 'u32 error code, u16 count';
  }
}
