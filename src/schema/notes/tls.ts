import type { NoteDef } from '../notes.ts';

export const TLS_NOTES = {} as const satisfies Record<string, NoteDef>;
