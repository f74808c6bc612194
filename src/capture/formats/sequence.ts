import type { Input, InputSink, InputState } from '../../core/input.ts';

/** Several inputs one after the other as one; each is opened when its turn comes and closed after it, so a directory of any size costs one open file. */
export class SequenceInput implements Input {
  readonly name: string;
  readonly format: string;
  readonly size: number | undefined;
  private readonly openers: readonly (() => Input)[];
  private next = 0;
  private current: Input | undefined = undefined;
  private before = 0;

  /** `size`: bytes in all, when known. */
  constructor(name: string, format: string, openers: readonly (() => Input)[], size?: number) {
    this.name = name;
    this.format = format;
    this.openers = openers;
    this.size = size;
  }

  get position(): number {
    return this.before + (this.current?.position ?? 0);
  }

  step(sink: InputSink): InputState {
    if (this.current === undefined) {
      if (this.next >= this.openers.length) return 'done';
      this.current = this.openers[this.next++]();
    }
    const state = this.current.step(sink);
    if (state !== 'done') return state;
    this.before += this.current.position;
    this.current.close();
    this.current = undefined;
    return this.next < this.openers.length ? 'more' : 'done';
  }

  ready(): Promise<void> {
    return this.current?.ready() ?? Promise.resolve();
  }

  close(): void {
    this.current?.close();
    this.current = undefined;
    this.next = this.openers.length;
  }
}
