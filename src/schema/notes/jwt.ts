import type { NoteDef } from '../notes.ts';

export const JWT_NOTES = {} as const satisfies Record<string, NoteDef>;
