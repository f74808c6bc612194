import type { NoteDef } from '../notes.ts';

export const HTTP2_NOTES = {} as const satisfies Record<string, NoteDef>;
