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

  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) timer.run = undefined;
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
    for (let timer = this.timers.due(now); timer !== undefined; timer = this.timers.due(now)) {
      const run = timer.run;
      timer.run = undefined;
      run?.();
    }
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
  run: (() => void) | undefined;
}

/** A binary heap by time, first come first served within one time. */
class Timers {
  private readonly heap: Timer[] = [];
  private count = 0;

  add(at: number, run: () => void): Timer {
    const timer: Timer = { at, order: this.count++, run };
    const heap = this.heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(timer, heap[parent])) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = timer;
    return timer;
  }

  next(): number {
    while (this.heap.length > 0 && this.heap[0].run === undefined) this.pop();
    return this.heap.length > 0 ? this.heap[0].at : Number.POSITIVE_INFINITY;
  }

  due(now: number): Timer | undefined {
    return this.next() <= now ? this.pop() : undefined;
  }

  clear(): void {
    this.heap.length = 0;
  }

  private pop(): Timer {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop() as Timer;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
