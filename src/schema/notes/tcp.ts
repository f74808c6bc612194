import type { NoteDef } from './definition.ts';

export const TCP_NOTES = {} as const satisfies Record<string, NoteDef>;
