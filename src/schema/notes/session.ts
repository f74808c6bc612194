import type { NoteDef } from '../notes.ts';

export const SESSION_NOTES = {} as const satisfies Record<string, NoteDef>;
