/** Lowest command of this encoding; the ones below belong to the oldest dialect (courier.md 5 and 1, "Telling dialects apart"). */
export const MIN_COMMAND = 0x07;

/** Attribute bytes that today's decoder accepts in a frame. */
export const MAX_BODY = 0x10000;
/** What older encoders sent at most; a longer body is no frame. Bounds what is buffered for one frame. */
export const MAX_BODY_OLD = 0x20000;

/** A data or text value must stay below this. */
export const MAX_VALUE = 0x10000;

/** Items a dictionary or array may have. */
export const MAX_ITEMS = 1024;

/**
 * Items of one frame, on all levels, that are taken apart: four full containers. A reference of two bytes can bring a whole container
 * back, so a frame of them would become a million objects.
 */
export const FRAME_ITEMS = 4096;

/** Containers may stand this deep in one another ("below 6"; older decoders: below 5). */
export const MAX_DEPTH = 5;
/** How deep we follow a sender that breaks the limit, so that hostile nesting cannot exhaust the stack. */
export const HARD_DEPTH = 32;
