/** Flags of a TCP header, in its byte 13. Source: RFC 9293, 3.1. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** Shortest TCP header. */
export const HEADER = 20;
