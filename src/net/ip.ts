/** No transport header follows: the packet ends, or is encrypted. */
export const NO_PROTOCOL = 59;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;
const MOBILITY = 135;
const HOST_IDENTITY = 139;
const SHIM6 = 140;

/** Extension headers in one packet; real packets have three, and every one costs a hostile packet only eight bytes. */
const MAX_EXTENSIONS = 64;

/** What follows the extension headers of an IPv6 packet. One object for all packets: read it at once. */
const found = { protocol: NO_PROTOCOL as number, at: 0, fragment: false };

/**
 * Walks IPv6 extension headers from `at`, where `next` names the first. `fragment`: the packet is a fragment, to be
 * joined first; a fragment header of a whole datagram (RFC 6946) is skipped like the others. An authentication header
 * is skipped, since what it protects is readable.
 */
export function skipExtensions(buf: Uint8Array, next: number, at: number, end: number): typeof found {
  found.fragment = false;
  for (let i = 0; i < MAX_EXTENSIONS; i++) {
    switch (next) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION:
      case MOBILITY:
      case HOST_IDENTITY:
      case SHIM6:
        if (at + 8 > end) return none();
        next = buf[at];
        at += (buf[at + 1] + 1) * 8;
        break;
      case AUTHENTICATION:
        if (at + 8 > end) return none();
        next = buf[at];
        at += (buf[at + 1] + 2) * 4;
        break;
      case FRAGMENT:
        if (at + 8 > end) return none();
        if (((buf[at + 2] << 8) | (buf[at + 3] & 0xf9)) !== 0) {
          found.fragment = true;
          found.protocol = FRAGMENT;
          found.at = at;
          return found;
        }
        next = buf[at];
        at += 8;
        break;
      default:
        found.protocol = at < end ? next : NO_PROTOCOL;
        found.at = at;
        return found;
    }
  }
  return none();
}

function none(): typeof found {
  found.protocol = NO_PROTOCOL;
  return found;
}
