import { type Arrival, arrive, DOUBLE_ZERO } from '../core/stream.ts';
import { type Connections, Delivery, type SegmentStore } from './delivery.ts';
import { DueFlows } from './due-flows.ts';
import { FirstPackets } from './first-packets.ts';
import { type AddressTexts, Flow, type Half, RUNNING, STARTING, UNSEEN, WINDOW } from './flow.ts';
import { FlowTable, tableTunnel } from './flow-table.ts';
import { LivePatience } from './live-patience.ts';
import { Reassembly } from './reassembly.ts';
import { isElsewhere, isEnded, isLate, isOutside, isOver, isReuse, startsAt } from './reuse.ts';
import { SecondLives } from './second-lives.ts';
import { ACK, FIN, HEADER, RST, SYN } from './tcp-header.ts';

/** Bytes that the snap length can plausibly have cut off one segment: the largest segments (BIG TCP) have 512 KiB. */
const MAX_CUT = 1024 * 1024;

/** Connections followed at once. A flood would otherwise fill the memory: about 80 bytes for one of a single SYN, 700 for others. */
const FLOW_LIMIT = 500_000;

/**
 * Packets of the whole capture that are waited for after a connection ended, or after its unknown start was seen:
 * what comes late belongs to it until then. More than the reordering of any capturing.
 */
export const PATIENCE_PACKETS = 4096;

/** TCP packets to connections: finds the flow, handles the beginning and the end, and passes data to the reassembly. */
export class Tcp {
  /** By number; undefined: one packet without data is all that was seen of it, `flow` makes it of that. */
  readonly flows: (Flow | undefined)[] = [];
  /** Packets of connections beyond `FLOW_LIMIT`. */
  unfollowed = 0;
  /** TCP packets whose header is cut or nonsense. */
  malformed = 0;
  process: string | undefined = undefined;
  /** Address of `buf[0]` of the packet at hand. A field, because a double argument is boxed at every call. */
  base = DOUBLE_ZERO;
  /** Number of the connection of the last packet; a caller that wants to know sets it to -1 before. */
  last = -1;
  private readonly at: Arrival;
  private readonly table = new FlowTable();
  private readonly firstPackets = new FirstPackets();
  private readonly texts: AddressTexts;
  private readonly delivery: Delivery;
  private readonly reassembly: Reassembly;
  private readonly secondLives: SecondLives;
  /** Flows that have ended or have not begun, while late packets of theirs are waited for. */
  private readonly lingering = new DueFlows();
  private seen = 0;
  private readonly patience = new LivePatience();

  constructor(at: Arrival, store: SegmentStore, connections: Connections, texts: AddressTexts) {
    this.at = at;
    this.texts = texts;
    this.delivery = new Delivery(at, store, connections);
    this.reassembly = new Reassembly(at, store, this.delivery);
    this.secondLives = new SecondLives(at, store, this.delivery, this);
  }

  /**
   * One TCP packet. `buf[tcp, end)` was captured, `wireEnd` is where the IP packet ended on the wire. `source` and `target` are the words of the flow key for the two addresses.
   */
  packet(buf: Uint8Array, tcp: number, end: number, wireEnd: number, source: number, target: number, tunnel: number, six: boolean): void {
    if (tcp + HEADER > end) {
      this.malformed++;
      return;
    }
    const data = tcp + ((buf[tcp + 12] >> 4) << 2);
    if (data < tcp + HEADER || data > wireEnd) {
      this.malformed++;
      return;
    }
    if (++this.seen >= this.lingering.next) this.due();
    const sourcePort = (buf[tcp] << 8) | buf[tcp + 1];
    const targetPort = (buf[tcp + 2] << 8) | buf[tcp + 3];
    const key = tableTunnel(tunnel, six);
    let side = 0;
    let low = source;
    let high = target;
    let ports = (sourcePort << 16) | targetPort;
    if (source > target || (source === target && sourcePort > targetPort)) {
      side = 1;
      low = target;
      high = source;
      ports = (targetPort << 16) | sourcePort;
    }
    const found = this.table.find(low, high, ports, key);
    let flow: Flow;
    if (found >= 0) {
      flow = this.flows[found] ?? this.wake(found);
      this.last = found;
    } else {
      if (this.flows.length >= FLOW_LIMIT) {
        this.unfollowed++;
        return;
      }
      if (wireEnd <= data && this.process === undefined) {
        this.last = this.table.add(low, high, ports, key);
        this.flows.push(undefined);
        this.firstPackets.keep(this.last, buf, tcp, side, six, this.at, this.seen);
        return;
      }
      flow = this.open(low, high, ports, tunnel, six, side as 0 | 1);
      this.last = flow.index;
    }
    const flags = buf[tcp + 13];
    const half = side === 0 ? flow.half0 : flow.half1;
    const payload = data < end ? end - data : 0;
    if ((flags & (FIN | SYN | RST)) === 0 && flow.watch === 0 && (buf[tcp + 14] | buf[tcp + 15]) !== 0) {
      if (wireEnd <= data) {
        half.packets++;
        return;
      }
      const seq = (buf[tcp + 4] << 24) | (buf[tcp + 5] << 16) | (buf[tcp + 6] << 8) | buf[tcp + 7];
      if (half.state === RUNNING && seq === half.next) {
        half.packets++;
        const cut = wireEnd - data - payload;
        this.delivery.deliver(flow, half, side, buf, data, data + payload, this.base + data, cut > MAX_CUT ? 0 : cut);
        return;
      }
    }
    this.closer(flow, half, side as 0 | 1, buf, tcp, end, wireEnd);
  }

  /** The connection with this number. */
  flow(index: number): Flow {
    const known = this.flows[index];
    if (known !== undefined) return known;
    const { at, firstPackets } = this;
    const { packet, sec, nsec } = at;
    firstPackets.read(index, at);
    const side = firstPackets.side(index);
    const flow = new Flow(index, this.table.key(index, firstPackets.six(index)), side, at.packet, undefined, this.texts);
    const { header } = firstPackets;
    this.closer(flow, flow.half(side), side, header, 0, HEADER, HEADER);
    arrive(at, packet, sec, nsec);
    // After a RST so long ago it would have been closed by now.
    if (flow.lingering >= 0 && this.seen - firstPackets.seen(index) >= PATIENCE_PACKETS)
      this.reassembly.endings.close([flow], 'capture-end');
    return flow;
  }

  /** A second packet came for a connection. */
  private wake(index: number): Flow {
    const flow = this.flow(index);
    this.flows[index] = flow;
    return flow;
  }

  /** End of the capture: everything that waits is handed on, and every direction ends. */
  finish(): void {
    this.reassembly.endings.close(this.flows.filter((flow) => flow !== undefined && !flow.closed) as Flow[], 'capture-end');
    this.lingering.clear();
  }

  /**
   * A live input has nothing more for now: what is held because its connection began before the capture is shown at the
   * second such pause, unless it came out of order. `now` is a clock in milliseconds: what waits for a missing segment
   * is shown when none came for long.
   */
  idle(now: number): void {
    for (const flow of this.lingering.waiting()) {
      if (flow.closed || flow.disordered || (flow.half0.state !== STARTING && flow.half1.state !== STARTING)) continue;
      if (flow.paused) this.reassembly.release(flow);
      flow.paused = true;
    }
    if (this.waits) for (const flow of this.patience.exhausted(this.flows, now)) this.reassembly.giveUp(flow);
  }

  /** Whether segments wait for missing ones. */
  get waits(): boolean {
    return this.reassembly.held > 0;
  }

  /** Everything but an expected data segment and a plain ACK. */
  closer(flow: Flow, half: Half, side: 0 | 1, buf: Uint8Array, tcp: number, end: number, wireEnd: number): void {
    const data = tcp + ((buf[tcp + 12] >> 4) << 2);
    if (end < data) end = data;
    const flags = buf[tcp + 13];
    let seq = (buf[tcp + 4] << 24) | (buf[tcp + 5] << 16) | (buf[tcp + 6] << 8) | buf[tcp + 7];
    const ack = (buf[tcp + 8] << 24) | (buf[tcp + 9] << 16) | (buf[tcp + 10] << 8) | buf[tcp + 11];
    const length = end - data;
    let cut = Math.max(0, wireEnd - data - length);
    if (cut > MAX_CUT) cut = 0;
    const { before } = flow;
    if (before !== undefined && (length > 0 || (flags & (SYN | FIN | RST)) !== 0)) {
      if (this.seen - before.replacedAt > PATIENCE_PACKETS) flow.before = undefined;
      else if (isLate(before, flow, side, seq, ack, flags)) {
        flow = before;
        half = flow.half(side);
        this.last = flow.index;
      }
    }
    if (flow.again !== undefined || ((flags & (SYN | ACK)) === SYN && this.secondLives.mayBegin(flow, half, seq))) {
      const current = this.secondLives.packet(flow, half, side, flags, seq, buf, tcp, data, end, wireEnd, cut);
      if (current === undefined) return;
      flow = current;
      half = flow.half(side);
    } else if (length > 0 && (flags & (SYN | RST | ACK)) === ACK && isElsewhere(flow, half, flow.half(1 - side), seq, ack)) {
      const next = this.replace(flow, side, seq);
      if (next === undefined) return;
      next.clientSide = flow.clientSide;
      next.rolesKnown = flow.rolesKnown;
      flow = next;
      half = flow.half(side);
    }
    if ((flags & SYN) !== 0) {
      const current = this.syn(flow, half, side, seq, ack, flags);
      if (current === undefined) return;
      flow = current;
      half = flow.half(side);
      seq = (seq + 1) | 0;
    }
    half.packets++;
    if (flow.closed) {
      if (length > 0 && half.bytes > 0 && ((seq + length - half.next) | 0) > 0) {
        const offset = half.offset(half.position);
        this.delivery.remark(flow, side, 'tcp.data-after-end', offset, offset, `${length} bytes in packet ${this.at.packet}`);
      }
      return;
    }
    if ((flags & RST) !== 0) {
      this.rst(flow, half, seq);
      return;
    }
    if (flow.watch !== 0 || (buf[tcp + 14] | buf[tcp + 15]) === 0) this.watch(flow, side, flags, ack, (buf[tcp + 14] << 8) | buf[tcp + 15]);
    if (length + cut > 0) this.data(flow, half, side, seq, buf, data, end, this.base + data, cut);
    if ((flags & FIN) !== 0) this.fin(flow, half, (seq + length + cut) | 0);
  }

  private data(
    flow: Flow,
    half: Half,
    side: 0 | 1,
    seq: number,
    buf: Uint8Array,
    start: number,
    end: number,
    address: number,
    cut: number,
  ): void {
    const one = end - start === 1 && cut === 0;
    if (one && half.state <= STARTING && this.reassembly.keepAlive(half, seq, address)) return;
    if (one && half.state === RUNNING && seq === half.next && (flow.watch & (2 >> side)) !== 0) {
      this.reassembly.probe(flow, half, address);
      return;
    }
    if (half.fin && half.state === RUNNING && ((seq - half.finSequence) | 0) >= 0 && half.next === half.finSequence) {
      const offset = half.offset(half.position);
      this.delivery.remark(flow, side, 'tcp.data-after-fin', offset, offset + (end - start), `packet ${this.at.packet}`);
      // FIN has a sequence number of its own; senders that break this rule may count it or not.
      if (seq === ((half.finSequence + 1) | 0)) half.next = seq;
    }
    if (half.state === UNSEEN) this.schedule(flow);
    this.reassembly.segment(flow, half, side, seq, buf, start, end, address, cut);
  }

  /** Window and acknowledgement, while they matter: a window was closed, a probe is out, or a start is held. */
  private watch(flow: Flow, side: 0 | 1, flags: number, ack: number, window: number): void {
    if (window === 0 && (flags & ACK) !== 0) flow.watch |= 1 << side;
    else flow.watch &= ~(1 << side);
    if ((flags & ACK) === 0) return;
    const peer = side === 0 ? flow.half1 : flow.half0;
    if (!peer.peerAckSeen || ((ack - peer.peerAck) | 0) > 0) peer.peerAck = ack;
    peer.peerAckSeen = true;
    if ((flow.watch & 8) !== 0) this.reassembly.acknowledged(flow, peer, 1 - side, ack);
  }

  // --- beginning and end ---------------------------------------------------------------------------------------

  /** The flow that a SYN belongs to: this one, or a new one with the same key. undefined: there are too many. */
  private syn(flow: Flow, half: Half, side: 0 | 1, isn: number, ack: number, flags: number): Flow | undefined {
    if (isReuse(flow, half, side, isn, flags)) {
      const next = this.replace(flow, side, isn);
      if (next === undefined) return undefined;
      flow = next;
      half = flow.half(side);
    }
    const answer = (flags & ACK) !== 0;
    if (flow.sink === undefined) {
      const opener = (answer ? 1 - side : side) as 0 | 1;
      flow.openers |= 1 << opener;
      // Both opened at once: their bytes tell who is the client.
      flow.rolesKnown = flow.openers !== 3;
      if (flow.rolesKnown) flow.clientSide = opener;
    }
    half.isn = isn;
    half.synSeen = true;
    if (!answer) {
      flow.synSec = this.at.sec;
      flow.synNsec = this.at.nsec;
    }
    if (half.state <= STARTING) this.reassembly.anchor(flow, half, (isn + 1) | 0);
    const peer = flow.half(1 - side);
    if (answer && !peer.synSeen && peer.state <= STARTING && startsAt(peer, ack)) this.reassembly.anchor(flow, peer, ack);
    return flow;
  }

  /** A new connection between the same ends, in place of this one, whose late packets are waited for; undefined: there are too many. */
  replace(flow: Flow, side: 0 | 1, seq: number): Flow | undefined {
    flow.before = undefined;
    flow.replacedAt = this.seen;
    if (flow.half0.fin && flow.half1.fin && isOver(flow)) {
      if (!flow.closed) this.reassembly.endings.close([flow], 'reuse');
    } else if (!flow.closed) {
      if (flow.half0.state === STARTING || flow.half1.state === STARTING) this.reassembly.release(flow);
      this.schedule(flow);
    }
    if (this.flows.length >= FLOW_LIMIT) {
      this.unfollowed++;
      return undefined;
    }
    this.table.find(flow.low, flow.high, flow.ports, tableTunnel(flow.tunnel, flow.six));
    const next = this.open(flow.low, flow.high, flow.ports, flow.tunnel, flow.six, side);
    this.last = next.index;
    if (isOutside(flow.half(side), seq)) next.before = flow;
    return next;
  }

  private rst(flow: Flow, half: Half, seq: number): void {
    if (half.state >= RUNNING && Math.abs((seq - half.next) | 0) > WINDOW) return;
    if (!flow.reset) {
      flow.reset = true;
      flow.resetPacket = this.at.packet;
      flow.resetSec = this.at.sec;
      flow.resetNsec = this.at.nsec;
    }
    this.schedule(flow);
  }

  private fin(flow: Flow, half: Half, seq: number): void {
    if (half.fin) return;
    if (half.state >= RUNNING && Math.abs((seq - half.next) | 0) > WINDOW) return;
    half.fin = true;
    half.finSequence = seq;
    half.finPacket = this.at.packet;
    half.finSec = this.at.sec;
    half.finNsec = this.at.nsec;
    flow.watch |= 16;
    if (flow.half0.fin && flow.half1.fin) this.schedule(flow);
  }

  private open(low: number, high: number, ports: number, tunnel: number, six: boolean, side: 0 | 1): Flow {
    const index = this.table.add(low, high, ports, tableTunnel(tunnel, six));
    const flow = new Flow(index, { low, high, ports, tunnel, six }, side, this.at.packet, this.process, this.texts);
    this.flows.push(flow);
    return flow;
  }

  /** Looks at the flow again when `PATIENCE_PACKETS` more packets have come. */
  private schedule(flow: Flow): void {
    if (flow.lingering >= 0) return;
    flow.lingering = flow.half0.bytes + flow.half1.bytes;
    this.lingering.add(flow, this.seen + PATIENCE_PACKETS);
  }

  private due(): void {
    for (let flow = this.lingering.take(this.seen); flow !== undefined; flow = this.lingering.take(this.seen)) {
      const before = flow.lingering;
      flow.lingering = -1;
      if (flow.closed) continue;
      if (flow.half0.state === STARTING || flow.half1.state === STARTING) this.reassembly.release(flow);
      const over = flow.replacedAt >= 0 || isEnded(flow);
      if (!over) continue;
      // Bytes that still came mean that the end was not the end (a forged RST), or that it is not complete yet.
      if (flow.half0.bytes + flow.half1.bytes !== before) this.schedule(flow);
      else this.reassembly.endings.close([flow], 'capture-end');
    }
  }
}
