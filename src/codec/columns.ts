import type { FieldType, Role } from '../schema/definition.ts';

/** Column codes of fields in the small tables of the index. */
export const COLUMN = { unknown: 0, plain: 1, id: 2, topic: 3, token: 4, status: 5 } as const;

export function columnOf(role: Role | undefined): number {
  return role === undefined ? COLUMN.plain : COLUMN[role];
}

/** Width in bytes that a value of this type must have; 0 when it may vary. */
export function fixedWidth(type: FieldType): number {
  switch (type.kind) {
    case 'uint':
      return type.width;
    case 'topic':
      return type.salted ? 0 : 20;
    case 'bytes':
    case 'token':
      return type.length ?? 0;
    case 'uuid':
      return 16;
    case 'nonce':
      return 17;
    case 'failures':
      return 6;
    default:
      return 0;
  }
}

/** Severities of `Cells`, as numbers. */
export const SEVERITY = { none: 0, note: 1, warn: 2, error: 3 } as const;
