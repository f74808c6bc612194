import type { NoteDef } from './definition.ts';

export const TLS_NOTES = {} as const satisfies Record<string, NoteDef>;
