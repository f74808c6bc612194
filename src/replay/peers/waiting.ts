import type { PeerParts } from './peer.ts';

/** Waits for what answers bring about, at most as long as for an answer, and not beyond Ctrl-C. */
export class Waiting {
  private readonly parts: Pick<PeerParts, 'clock' | 'settings' | 'signal'>;
  private readonly wakes: (() => void)[] = [];

  constructor(parts: Pick<PeerParts, 'clock' | 'settings' | 'signal'>) {
    this.parts = parts;
  }

  /** Something changed: those who wait look again. */
  wake(): void {
    for (const wake of this.wakes.splice(0)) wake();
  }

  /** Resolves when `done`, after `timeoutMs`, or with the signal. */
  async until(done: () => boolean, timeoutMs = this.parts.settings.timeoutMs): Promise<void> {
    if (done()) return;
    const { clock, signal } = this.parts;
    const stop = new AbortController();
    let late = false;
    void clock.until(clock.now() + timeoutMs, stop.signal).then(() => {
      late = true;
      this.wake();
    });
    const wake = (): void => this.wake();
    signal.addEventListener('abort', wake, { once: true });
    while (!done() && !late && !signal.aborted) await new Promise<void>((resolve) => this.wakes.push(resolve));
    signal.removeEventListener('abort', wake);
    stop.abort();
  }
}
