/** Time as the emulator sees it: real time plus a skew, or a time that only moves when told. */
export class EmulatorClock {
  private readonly real: () => number;
  private offset = 0;
  private frozenAt: number | undefined;
  private readonly timers = new Timers();
  private alarm: ReturnType<typeof setTimeout> | undefined;
  private alarmAt = Number.POSITIVE_INFINITY;

  /** `real`: milliseconds since the Unix epoch. */
  constructor(real: () => number = Date.now) {
    this.real = real;
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return this.frozenAt ?? this.real() + this.offset;
  }

  get frozen(): boolean {
    return this.frozenAt !== undefined;
  }

  /** Calls `run` at or after `at`; returns what `cancel` takes. */
  schedule(at: number, run: () => void): Timer {
    const timer = this.timers.add(at, run);
    this.arm();
    return timer;
  }

  /** Drops a timer at once, and with it what its function holds. */
  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) this.timers.remove(timer);
  }

  /** Moves time by `ms` (may be negative) and runs what has become due. */
  advance(ms: number): void {
    if (this.frozenAt !== undefined) this.frozenAt += ms;
    else this.offset += ms;
    this.runDue();
  }

  set(ms: number): void {
    this.advance(ms - this.now());
  }

  freeze(): void {
    this.frozenAt ??= this.now();
    this.disarm();
  }

  /** Lets a frozen clock run on from where it stands. */
  resume(): void {
    if (this.frozenAt === undefined) return;
    this.offset = this.frozenAt - this.real();
    this.frozenAt = undefined;
    this.arm();
  }

  /** Back to real time. */
  reset(): void {
    this.frozenAt = undefined;
    this.offset = 0;
    this.runDue();
  }

  /** Drops all timers; nothing runs after this. */
  stop(): void {
    this.disarm();
    this.timers.clear();
  }

  private runDue(): void {
    const now = this.now();
    for (let timer = this.timers.due(now); timer !== undefined; timer = this.timers.due(now)) timer.run();
    this.arm();
  }

  private arm(): void {
    const next = this.timers.next();
    if (next === this.alarmAt && this.alarm !== undefined) return;
    this.disarm();
    if (next === Number.POSITIVE_INFINITY || this.frozen) return;
    this.alarmAt = next;
    // setTimeout counts to 2^31 - 1 ms at most; a later time is armed again when that has passed.
    this.alarm = setTimeout(
      () => {
        this.alarm = undefined;
        this.runDue();
      },
      Math.min(Math.max(0, next - this.now()), 0x7fffffff),
    );
    this.alarm.unref();
  }

  private disarm(): void {
    clearTimeout(this.alarm);
    this.alarm = undefined;
    this.alarmAt = Number.POSITIVE_INFINITY;
  }
}

export interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Where it stands in the heap; -1 when it is not there any more. */
  place: number;
}

/** A binary heap by time, first come first served within one time. */
class Timers {
  private readonly heap: Timer[] = [];
  private count = 0;

  add(at: number, run: () => void): Timer {
    const timer: Timer = { at, order: this.count++, run, place: -1 };
    this.heap.push(timer);
    this.rise(timer, this.heap.length - 1);
    return timer;
  }

  remove(timer: Timer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.heap.pop() as Timer;
    if (last === timer) return;
    this.sink(last, place);
    this.rise(last, last.place);
  }

  next(): number {
    return this.heap.length > 0 ? this.heap[0].at : Number.POSITIVE_INFINITY;
  }

  due(now: number): Timer | undefined {
    if (this.next() > now) return undefined;
    const first = this.heap[0];
    this.remove(first);
    return first;
  }

  clear(): void {
    for (const timer of this.heap) timer.place = -1;
    this.heap.length = 0;
  }

  private rise(timer: Timer, from: number): void {
    const { heap } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent])) break;
      this.put(heap[parent], at);
      at = parent;
    }
    this.put(timer, at);
  }

  private sink(timer: Timer, from: number): void {
    const { heap } = this;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], timer)) break;
      this.put(heap[child], at);
      at = child;
    }
    this.put(timer, at);
  }

  private put(timer: Timer, at: number): void {
    this.heap[at] = timer;
    timer.place = at;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
