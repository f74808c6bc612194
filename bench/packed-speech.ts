import { packedAttributes } from '../src/codec/packed/message.ts';
import { PackedWriter } from '../src/codec/packed/writer.ts';
import type { FieldValues } from '../src/schema/build.ts';
import { makePayloads, makeTopics } from './content.ts';
import type { Packets, Peer } from './packets.ts';
import type { Speech } from './traffic.ts';

/** The same talk as in TLV, packed: the tables of each connection run along. */
export class PackedSpeech implements Speech {
  private readonly packets: Packets;
  private readonly payloads: Uint8Array[];
  private readonly topics = makeTopics();
  private readonly writers = new WeakMap<Peer, readonly [PackedWriter, PackedWriter]>();

  constructor(packets: Packets) {
    this.packets = packets;
    this.payloads = makePayloads(packets.next);
  }

  begin(peer: Peer): void {
    const { packets } = this;
    this.writers.set(peer, [new PackedWriter(), new PackedWriter()]);
    peer.client = packets.send(peer, true, this.put(peer, 0, 0, 'connect', { token: peer.token, state: 1 }), peer.client);
    const answer = { status: 0, token: peer.token, message_size: 4096 };
    peer.server = packets.send(peer, false, this.put(peer, 1, 0, 'connect_response', answer), peer.server);
  }

  exchange(peer: Peer): void {
    const { packets } = this;
    const { next } = packets;
    const first = peer.nextId;
    const many = 1 + ((next() ** 3 * 4) | 0);
    let end = 0;
    for (let i = 0; i < many; i++) {
      const timestamp = BigInt(packets.sec) * 1_000_000_000n + BigInt(packets.nsec);
      end = this.put(peer, 1, end, 'message', {
        token: peer.token,
        topic: this.topics[(next() * this.topics.length) | 0],
        payload: this.payloads[(next() * this.payloads.length) | 0],
        id: peer.nextId++,
        expiry: packets.sec + 86_400,
        timestamp,
        priority: 10,
      });
    }
    peer.server = packets.send(peer, false, end, peer.server);
    if (next() < 0.45) {
      end = 0;
      for (let id = first; id < peer.nextId; id++) end = this.put(peer, 0, end, 'message_ack', { token: peer.token, id, status: 0 });
      peer.client = packets.send(peer, true, end, peer.client);
    }
  }

  /** Writes a message into the burst at `at`; returns its end. */
  private put(peer: Peer, dir: 0 | 1, at: number, command: string, fields: FieldValues): number {
    const { id, attributes } = packedAttributes(command, fields, dir);
    const frame = this.writers.get(peer)?.[dir].frame(id, attributes) ?? new Uint8Array(0);
    this.packets.burst.set(frame, at);
    this.packets.counts.messages++;
    return at + frame.length;
  }
}
