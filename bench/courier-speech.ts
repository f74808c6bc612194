import { makePayloads, makeTopics } from './content.ts';
import { type Packets, type Peer, put16, put32 } from './packets.ts';
import type { Speech } from './traffic.ts';

/** Pushes to a device in TLV, with its acknowledgements for about half of them. */
export class CourierSpeech implements Speech {
  private readonly packets: Packets;
  private readonly payloads: Uint8Array[];
  private readonly topics = makeTopics();

  constructor(packets: Packets) {
    this.packets = packets;
    this.payloads = makePayloads(packets.next);
  }

  begin(): void {}

  exchange(peer: Peer): void {
    const { packets } = this;
    const first = peer.nextId;
    const many = 1 + ((packets.next() ** 3 * 4) | 0);
    let end = 0;
    for (let i = 0; i < many; i++) end = this.notification(peer, end);
    peer.server = packets.send(peer, false, end, peer.server);
    if (packets.next() < 0.45) {
      end = 0;
      for (let id = first; id < peer.nextId; id++) end = this.acknowledgement(peer, end, id);
      peer.client = packets.send(peer, true, end, peer.client);
    }
  }

  /** Writes a notification into the burst at `start`; returns its end. */
  private notification(peer: Peer, start: number): number {
    const at = start + this.packets.head;
    const { burst, next, sec, nsec, counts } = this.packets;
    const payload = this.payloads[(next() * this.payloads.length) | 0];
    const length = 90 + payload.length;
    burst[at] = 0x0a;
    put32(burst, at + 1, length);
    let p = item(burst, at + 5, 1, peer.token);
    p = item(burst, p, 2, this.topics[(next() * this.topics.length) | 0]);
    p = item(burst, p, 3, payload);
    p = number(burst, p, 4, 4, peer.nextId++);
    p = number(burst, p, 5, 4, sec + 86_400);
    const nanos = BigInt(sec) * 1_000_000_000n + BigInt(nsec);
    p = number(burst, p, 6, 8, Number(nanos & 0xffffffffn));
    put32(burst, p - 8, Number(nanos >> 32n));
    p = number(burst, p, 13, 1, 10);
    counts.messages++;
    return this.packets.finish(peer, false, start, p);
  }

  private acknowledgement(peer: Peer, start: number, id: number): number {
    const at = start + this.packets.head;
    const { burst, counts } = this.packets;
    burst[at] = 0x0b;
    put32(burst, at + 1, 46);
    let p = item(burst, at + 5, 1, peer.token);
    p = number(burst, p, 4, 4, id);
    p = number(burst, p, 8, 1, 0);
    counts.messages++;
    return this.packets.finish(peer, true, start, p);
  }
}

function item(b: Uint8Array, at: number, id: number, value: Uint8Array): number {
  b[at] = id;
  put16(b, at + 1, value.length);
  b.set(value, at + 3);
  return at + 3 + value.length;
}

function number(b: Uint8Array, at: number, id: number, width: number, value: number): number {
  b[at] = id;
  put16(b, at + 1, width);
  if (width === 1) b[at + 3] = value;
  else put32(b, at + 3 + width - 4, value);
  return at + 3 + width;
}
