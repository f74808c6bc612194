import { type Flow, type Half, RUNNING, STARTING, UNSEEN, WINDOW } from './flow.ts';
import { ACK, SYN } from './tcp-header.ts';

/** Whether a SYN with this number, sent by `side`, cannot be of this connection: the ports are used again. */
export function isReuse(flow: Flow, half: Half, side: 0 | 1, isn: number, flags: number): boolean {
  if (flow.closed) return true;
  if (half.synSeen) {
    if (half.isn !== isn) return true;
    // The same number again is a repetition, unless the connection was over and nothing of it is missing.
    return (flags & ACK) === 0 && isOver(flow);
  }
  const start = (isn + 1) | 0;
  const peer = flow.half(1 - side);
  if (half.state === UNSEEN) {
    if (half.fin) return Math.abs((half.finSequence - start) | 0) > WINDOW || ((half.finSequence - start) | 0) < 0;
    return peer.state >= RUNNING && !peer.synSeen && (flags & ACK) === 0;
  }
  if (half.state === STARTING) return !startsAt(half, start);
  return ((half.next - (half.position - half.origin)) | 0) !== start;
}

/** Whether a direction whose start is held can begin with this sequence number: not behind its lowest byte (but for a keep-alive's), and near. */
export function startsAt(half: Half, seq: number): boolean {
  if (half.state === UNSEEN) return true;
  const first = half.trouble?.queue.first;
  const lowest = (half.next + (first?.start ?? 0)) | 0;
  const distance = (lowest - seq) | 0;
  return distance >= -1 && distance <= WINDOW;
}

/** Whether a connection has ended and nothing of it is missing, as far as its packets tell. */
export function isOver(flow: Flow): boolean {
  return flow.closed || (isEnded(flow) && isWhole(flow.half0) && isWhole(flow.half1));
}

/** Whether both ends have said goodbye, or one has broken off. */
export function isEnded(flow: Flow): boolean {
  return flow.reset || (flow.half0.fin && flow.half1.fin);
}

/** Whether nothing of a direction waits, and all up to its FIN was handed on. */
function isWhole(half: Half): boolean {
  if (half.state === UNSEEN) return !half.fin;
  return half.state === RUNNING && (!half.fin || ((half.finSequence - half.next) | 0) <= 0);
}

/** Bytes around a connection in which its own late packets lie: what is further off in both directions is of another one. */
const NEIGHBOURHOOD = 1024 * 1024;

/** Whether a data packet can be no part of this connection: both its numbers are far off. A loss may be large while it lasts. */
export function isElsewhere(flow: Flow, half: Half, peer: Half, seq: number, ack: number): boolean {
  const far = flow.closed || isEnded(flow) ? NEIGHBOURHOOD : WINDOW;
  return half.state >= RUNNING && peer.state >= RUNNING && isOutside(half, seq, far) && isOutside(peer, ack, far);
}

/** Whether a packet, a SYN or one with data or an end, is a late one of the connection `before` rather than of `flow`, which took its place. */
export function isLate(before: Flow, flow: Flow, side: 0 | 1, seq: number, ack: number, flags: number): boolean {
  const old = before.half(side);
  const half = flow.half(side);
  const peer = flow.half(1 - side);
  if ((flags & ACK) !== 0 && peer.state !== UNSEEN && !isOutside(peer, ack)) return false;
  if ((flags & SYN) !== 0) return old.synSeen && old.isn === seq && !(half.synSeen && half.isn === seq);
  if (old.state === UNSEEN || isOutside(old, seq)) return false;
  return half.state === UNSEEN || isOutside(half, seq);
}

/** Whether a number lies so far from all of this direction that it is of another connection. */
export function isOutside(half: Half, seq: number, far = NEIGHBOURHOOD): boolean {
  const offset = half.position - half.origin + ((seq - half.next) | 0);
  return offset < -far || offset > half.position - half.origin + far;
}
