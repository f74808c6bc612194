import type { NoteDef } from './definition.ts';

export const HTTP2_NOTES = {} as const satisfies Record<string, NoteDef>;
