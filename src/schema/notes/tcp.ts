import type { NoteDef } from '../notes.ts';

export const TCP_NOTES = {} as const satisfies Record<string, NoteDef>;
