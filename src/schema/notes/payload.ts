import type { NoteDef } from './definition.ts';

export const PAYLOAD_NOTES = {} as const satisfies Record<string, NoteDef>;
