/** Seconds between 1970-01-01 and 2001-01-01, the epoch of property list dates. */
export const PLIST_EPOCH = 978_307_200;

/** A dictionary: keys in file order. */
export type PlistDict = ReadonlyMap<string, PlistValue>;

/**
 * A value of a property list. Whole numbers are number or bigint; what JavaScript would confuse with them or with arrays is
 * wrapped: `real` a floating-point number, `date` seconds since 2001, `uid` a reference of an archive, `set` an unordered list.
 */
export type PlistValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlistValue[]
  | PlistDict
  | { readonly real: number }
  | { readonly date: number }
  | { readonly uid: number }
  | { readonly set: readonly PlistValue[] };

export function isPlistDict(value: PlistValue): value is PlistDict {
  return value instanceof Map;
}
