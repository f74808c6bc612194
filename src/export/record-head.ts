import { DIRECTION_NAMES } from '../core/stream.ts';
import { utf8Bytes } from '../core/text.ts';
import { Phrase, type TextBytes } from '../core/text-bytes.ts';
import { isoTime } from '../core/time.ts';
import type { Endpoints } from '../timeline/streams.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { RECORD_VERSION } from './record.ts';

const HEAD = new Phrase(`{"v":${RECORD_VERSION},"n":`);
const PACKET = new Phrase(',"packet":');

/** Writes what the index tells of a row in its JSON record; texts that come again are kept as bytes. */
export class RecordHead {
  private readonly timeline: Timeline;
  private readonly out: TextBytes;
  private readonly streams: Uint8Array[] = [];
  private readonly endpoints: (Endpoints | undefined)[] = [];
  private readonly swapped: (boolean | undefined)[] = [];
  private topics: Uint8Array[] = [];
  private learned = 0;
  private second = Number.NaN;
  private secondText: Uint8Array = new Uint8Array(0);

  constructor(timeline: Timeline, out: TextBytes) {
    this.timeline = timeline;
    this.out = out;
  }

  /** From the beginning to the receiver's address. */
  write(row: number, timed: boolean): void {
    const { out } = this;
    const { columns } = this.timeline.rows;
    out.phrase(HEAD);
    out.number(row + 1);
    if (timed) this.time(columns.sec(row), columns.nsec(row));
    const packet = columns.packet(row);
    if (packet > 0) {
      out.phrase(PACKET);
      out.number(packet);
    }
    out.bytes(this.peers(columns.stream(row), columns.dir(row)));
  }

  topic(row: number): void {
    const topic = this.timeline.rows.columns.topic(row);
    if (topic < 0) return;
    const learned = this.timeline.decoders.learnedNames();
    if (learned !== this.learned) {
      this.learned = learned;
      this.topics = [];
    }
    this.topics[topic] ??= utf8Bytes(`,"topic":${JSON.stringify(this.timeline.topicName(row))}`);
    this.out.bytes(this.topics[topic]);
  }

  private time(sec: number, nsec: number): void {
    if (sec !== this.second) {
      this.second = sec;
      this.secondText = utf8Bytes(`,"time":"${isoTime(sec, 0, 0).slice(0, -1)}.`);
    }
    this.out.bytes(this.secondText);
    this.out.nine(nsec);
    this.out.byte(0x5a);
    this.out.byte(0x22);
  }

  /** Stream, direction and addresses; the roles may turn out to be others. */
  private peers(stream: number, dir: 0 | 1): Uint8Array {
    const key = stream * 2 + dir;
    const record = this.timeline.streams[stream];
    if (this.streams[key] === undefined || this.endpoints[key] !== record?.endpoints || this.swapped[key] !== record?.facts.swapped) {
      const { client, server } = this.timeline.peers(stream);
      const [src, dst] = dir === 0 ? [client, server] : [server, client];
      this.streams[key] = utf8Bytes(
        `,"stream":${stream},"dir":"${DIRECTION_NAMES[dir]}","src":${JSON.stringify(src)},"dst":${JSON.stringify(dst)}`,
      );
      this.endpoints[key] = record?.endpoints;
      this.swapped[key] = record?.facts.swapped;
    }
    return this.streams[key];
  }
}
