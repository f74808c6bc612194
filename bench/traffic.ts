import { CourierSpeech } from './courier-speech.ts';
import { Http2Speech } from './http2-speech.ts';
import { PackedSpeech } from './packed-speech.ts';
import { type Counts, type PacketSink, Packets, type Peer, type Shape } from './packets.ts';

/** What both ends of a connection say. */
export interface Speech {
  /** The connection stands: what is said once. */
  begin(peer: Peer): void;
  /** Some messages and their answers. */
  exchange(peer: Peer): void;
}

const HALF_EXCHANGE = 1500;
const SEED = 20261121;

/** What was written, and the key log for it. */
export interface Written {
  readonly counts: Counts;
  readonly keyLog: string;
}

/** Writes the connections of a shape to `sink`, the same ones each time. */
export function writeTraffic(shape: Shape, sink: PacketSink): Written {
  const packets = new Packets(shape, sink, shape.speech === 'http2' ? 443 : 5223, SEED);
  const speech = speechOf(shape, packets);
  const { counts } = packets;
  const overhead = shape.format === 'pcapng' ? 36 : 16;
  // The last exchange of a connection goes beyond its share, by half of one on average, and its SYN and FIN cost some bytes.
  const share = shape.messages === undefined ? ((shape.megabytes ?? 0) * 1e6) / shape.connections - HALF_EXCHANGE : shape.messages;
  const spentNow = (): number => (shape.messages === undefined ? packets.written + counts.packets * overhead : counts.messages);
  const open: Peer[] = [];
  let made = 0;
  const next = (): Peer => {
    const peer = packets.open(made++);
    speech.begin(peer);
    return peer;
  };
  while (made < shape.connections && open.length < shape.concurrent) open.push(next());
  const budget = new Map<Peer, number>();
  while (open.length > 0) {
    const slot = (packets.next() * open.length) | 0;
    const peer = open[slot];
    const before = spentNow();
    speech.exchange(peer);
    const spent = (budget.get(peer) ?? 0) + spentNow() - before;
    if (spent < share / (shape.messages === undefined ? 1 : shape.connections)) {
      budget.set(peer, spent);
      continue;
    }
    budget.delete(peer);
    packets.close(peer);
    if (made < shape.connections) open[slot] = next();
    else open.splice(slot, 1);
  }
  return { counts, keyLog: packets.keyLog.join('') };
}

function speechOf(shape: Shape, packets: Packets): Speech {
  if (shape.speech === 'http2') return new Http2Speech(packets);
  return shape.speech === 'packed' ? new PackedSpeech(packets) : new CourierSpeech(packets);
}
