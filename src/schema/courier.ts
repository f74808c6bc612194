import { COURIER_EXTRAS } from './courier-extras.ts';
import { COURIER_MESSAGES } from './courier-messages.ts';
import { COURIER_SESSION } from './courier-session.ts';
import type { CommandTable } from './definition.ts';

/**
 * The courier protocol between device and Apple since iOS 5: commands 07 to 22. The unpacked (TLV) and the packed encoding
 * share these rows; a codec is only syntax.
 */
export const COURIER = { ...COURIER_SESSION, ...COURIER_MESSAGES, ...COURIER_EXTRAS } as const satisfies CommandTable;
