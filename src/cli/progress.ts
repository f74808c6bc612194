import { count } from '../core/text.ts';

/** Work that is shorter than this needs no progress. */
const SHOW_AFTER_MS = 500;
const REDRAW_MS = 200;

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;

/** One line on stderr, on a terminal only: bytes, messages, rate, time left. */
export class Progress {
  private readonly started = Date.now();
  private drawn = 0;
  /** Asked for when there is something to show: a short run need not load what a terminal takes. */
  private on: boolean | undefined = undefined;

  update(position: number, size: number | undefined, messages: number): void {
    const now = Date.now();
    if (now - this.started < SHOW_AFTER_MS || now - this.drawn < REDRAW_MS) return;
    this.on ??= process.stderr.isTTY === true;
    if (!this.on) return;
    this.drawn = now;
    const seconds = (now - this.started) / 1000;
    const rate = position / seconds;
    const left = size === undefined || rate === 0 ? '' : `, ${Math.max(0, Math.ceil((size - position) / rate))} s left`;
    const share = size === undefined || size === 0 ? '' : ` of ${mega(size)} (${Math.floor((position / size) * 100)} %)`;
    process.stderr.write(`\r\x1b[K${mega(position)}${share}, ${count(messages, 'message')}, ${mega(rate)}/s${left}`);
  }

  clear(): void {
    if (this.drawn > 0) process.stderr.write('\r\x1b[K');
    this.drawn = 0;
  }
}
