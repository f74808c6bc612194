import { type Flow, type Half, STARTING, WAITING } from './flow.ts';

/** Time that a live input waits for a missing segment: senders repeat what got lost within seconds. */
export const LIVE_PATIENCE_MS = 10_000;

/** Time between two looks: a look goes over all connections. */
const LOOK_MS = 1000;

/** Finds connections of a live input in which segments wait and nothing has moved for a while: what is missing will not come. */
export class LivePatience {
  private looked = Number.NEGATIVE_INFINITY;
  private stuck = new Map<Flow, { readonly position: number; readonly at: number }>();

  /** Those of `flows` that have waited for `LIVE_PATIENCE_MS`, each once; `now` is a clock in milliseconds. */
  exhausted(flows: readonly (Flow | undefined)[], now: number): readonly Flow[] {
    if (now - this.looked < LOOK_MS) return [];
    this.looked = now;
    const before = this.stuck;
    const out: Flow[] = [];
    this.stuck = new Map();
    for (const flow of flows) {
      if (flow === undefined || flow.closed || (!isHeld(flow.half0) && !isHeld(flow.half1))) continue;
      const position = flow.half0.position + flow.half1.position;
      const since = before.get(flow);
      if (since === undefined || since.position !== position) this.stuck.set(flow, { position, at: now });
      else if (now - since.at >= LIVE_PATIENCE_MS) out.push(flow);
      else this.stuck.set(flow, since);
    }
    return out;
  }
}

/** Whether segments of a direction wait. */
function isHeld(half: Half): boolean {
  return (half.state === STARTING || half.state === WAITING) && half.trouble !== undefined && half.trouble.queue.count > 0;
}
