import type { DialectName, Privacy } from '../core/message.ts';
import type { Confidence } from './definition.ts';

/** A field of the filter language, as documents and `apns-inspect fields` show it. */
export interface FieldDoc {
  /** Full filter name, `apns.message.expiry`. */
  readonly filter: string;
  readonly label: string;
  /** In words: "u32 Unix time, s". */
  readonly type: string;
  readonly unit?: string;
  readonly names?: Readonly<Record<number, string>>;
  readonly flags?: Readonly<Record<number, string>>;
  readonly doc: string;
  readonly source: string;
  readonly confidence: Confidence;
  readonly dialects: readonly (DialectName | 'any')[];
  readonly privacy?: Privacy;
  /** The shared name that finds this field too, `apns.expiry`. */
  readonly alias?: string;
}
