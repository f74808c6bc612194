import type { NoteDef } from '../notes.ts';

export const PAYLOAD_NOTES = {} as const satisfies Record<string, NoteDef>;
