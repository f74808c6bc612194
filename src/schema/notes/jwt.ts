import type { NoteDef } from './definition.ts';

export const JWT_NOTES = {} as const satisfies Record<string, NoteDef>;
