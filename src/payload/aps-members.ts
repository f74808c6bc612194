import { utf8Bytes } from '../core/text.ts';
import type { JsonGlance } from './json-glance.ts';

/** Members that a summary looks at, as their places in the arrays of `ApsMembers`. */
export const MEMBER = {
  alert: 0,
  badge: 1,
  sound: 2,
  contentAvailable: 3,
  contentChanged: 4,
  event: 5,
  title: 6,
  titleLocKey: 7,
  body: 8,
  locKey: 9,
} as const;
const MEMBERS = 10;
const NONE = -1;

const keys = (...texts: string[]): readonly Uint8Array[] => texts.map(utf8Bytes);
const APS = utf8Bytes('aps');
/** In the order of their places. */
const APS_KEYS = keys('alert', 'badge', 'sound', 'content-available', 'content-changed', 'event');
const ALERT_KEYS = keys('title', 'title-loc-key', 'body', 'loc-key');

const QUOTE = 0x22;
const OPEN = 0x7b;
const OPEN_LIST = 0x5b;

/** What stands under `aps`, and in its `alert`, as a glance at the payload saw it. */
export class ApsMembers {
  /** The member of the glance that is `aps`; -1. */
  aps = NONE;
  /** It is an object. */
  hasAps = false;
  /** `alert` is an object with members of its own. */
  hasAlertMembers = false;
  /** 0: no such member. 1: a text or a literal, as it stands, without quotes. 2: a container. */
  readonly kinds = new Uint8Array(MEMBERS);
  readonly starts = new Uint16Array(MEMBERS);
  readonly ends = new Uint16Array(MEMBERS);

  /** False when it takes more than a glance: one of the two is a list, or there are too many members. */
  find(seen: JsonGlance): boolean {
    this.aps = NONE;
    this.hasAps = this.hasAlertMembers = false;
    for (let place = 0; place < MEMBERS; place++) this.kinds[place] = 0;
    if (!seen.complete) return false;
    for (let i = 0; i < seen.count; i++) {
      if (seen.levels[i] !== 0 || !seen.isKey(i, APS)) continue;
      this.aps = i;
      this.hasAps = seen.first(i) === OPEN;
      return this.hasAps ? this.inAps(seen, i + 1) : seen.first(i) !== OPEN_LIST;
    }
    return true;
  }

  private inAps(seen: JsonGlance, from: number): boolean {
    for (let i = from; i < seen.count && seen.levels[i] > 0; i++) {
      if (seen.levels[i] > 1) continue;
      const place = placeIn(APS_KEYS, seen, i);
      if (place === MEMBER.alert && seen.first(i) === OPEN) this.inAlert(seen, i + 1);
      // The members of a list are its elements.
      else if (place === MEMBER.alert && seen.first(i) === OPEN_LIST) return false;
      else if (place !== NONE) this.take(place, seen, i);
    }
    return true;
  }

  private inAlert(seen: JsonGlance, from: number): void {
    this.hasAlertMembers = true;
    for (let i = from; i < seen.count && seen.levels[i] > 1; i++) {
      const place = placeIn(ALERT_KEYS, seen, i);
      if (place !== NONE) this.take(MEMBER.title + place, seen, i);
    }
  }

  private take(place: number, seen: JsonGlance, i: number): void {
    const first = seen.first(i);
    const quoted = first === QUOTE ? 1 : 0;
    this.kinds[place] = first === OPEN || first === OPEN_LIST ? 2 : 1;
    this.starts[place] = seen.starts[i] + quoted;
    this.ends[place] = seen.ends[i] - quoted;
  }
}

function placeIn(keysThere: readonly Uint8Array[], seen: JsonGlance, i: number): number {
  for (let place = 0; place < keysThere.length; place++) if (seen.isKey(i, keysThere[place])) return place;
  return NONE;
}
