/** Time as a replay sees it; tests give one that jumps. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves at that time, or at once when the signal is given. */
  until(time: number, signal: AbortSignal): Promise<void>;
}

/** Timers of Node count at most so many milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The getter costs more than the time itself, and is asked for each message. */
const ORIGIN = performance.timeOrigin;

/** The machine's time. */
export const REAL_CLOCK: Clock = {
  now: () => ORIGIN + performance.now(),
  until(time, signal) {
    const wait = time - this.now();
    if (wait <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(wait, LONGEST_TIMER));
      signal.addEventListener('abort', done);
    });
  },
};
