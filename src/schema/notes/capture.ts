import type { NoteDef } from './definition.ts';

export const CAPTURE_NOTES = {} as const satisfies Record<string, NoteDef>;
