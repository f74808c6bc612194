import type { NoteDef } from '../notes.ts';

export const PACKED_NOTES = {} as const satisfies Record<string, NoteDef>;
