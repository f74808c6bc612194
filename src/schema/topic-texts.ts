import type { TopicLookup } from '../core/dialect.ts';
import { printable, utf8Bytes } from '../core/text.ts';

/** Places by the first bytes of a hash: more than topics of a device. */
const PLACES = 1024;
export const TOPIC_BYTES = 20;

/** Words for topics, remembered as bytes. */
export class TopicTexts {
  private readonly keys = new Uint8Array(PLACES * TOPIC_BYTES);
  private readonly texts: (Uint8Array | undefined)[] = new Array(PLACES).fill(undefined);
  private learned = -1;
  private names: TopicLookup | undefined = undefined;

  /** Words for the hash `b[start, start + 20)`: what `make` says of it the first time, and again when names were learned. */
  text(b: Uint8Array, start: number, names: TopicLookup, make: (topic: Uint8Array, names: TopicLookup) => string): Uint8Array {
    const learned = names.learnedNames ?? 0;
    if (learned !== this.learned || names !== this.names) {
      this.texts.fill(undefined);
      this.learned = learned;
      this.names = names;
    }
    // Hashes are random in any bytes; those of tests and benches often agree in the first ones.
    const place = ((b[start] ^ b[start + 7] ^ b[start + 15]) | ((b[start + 1] ^ b[start + 11] ^ b[start + 19]) << 8)) & (PLACES - 1);
    const key = place * TOPIC_BYTES;
    const { keys } = this;
    const known = this.texts[place];
    if (known !== undefined) {
      let i = 0;
      while (i < TOPIC_BYTES && keys[key + i] === b[start + i]) i++;
      if (i === TOPIC_BYTES) return known;
    }
    const topic = b.slice(start, start + TOPIC_BYTES);
    const text = utf8Bytes(printable(make(topic, names)));
    keys.set(topic, key);
    this.texts[place] = text;
    return text;
  }
}
