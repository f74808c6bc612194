import type { NoteDef } from './definition.ts';

export const SESSION_NOTES = {} as const satisfies Record<string, NoteDef>;
