import type { NoteDef } from '../notes.ts';

export const CAPTURE_NOTES = {} as const satisfies Record<string, NoteDef>;
