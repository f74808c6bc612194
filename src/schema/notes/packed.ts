import type { NoteDef } from './definition.ts';

export const PACKED_NOTES = {} as const satisfies Record<string, NoteDef>;
