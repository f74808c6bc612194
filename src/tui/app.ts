/** The running terminal UI: events become states, states become pictures, and what a state asks for is done. */
import { grouped } from '../core/text.ts';
import type { Reading, ReadingOptions } from '../timeline/open.ts';
import type { Canvas } from './canvas.ts';
import { type Config, configured, type History, saveHistory } from './config.ts';
import { currentRow } from './detail.ts';
import { draw } from './draw.ts';
import { editorOf, readInEditor } from './editor.ts';
import { watchEmulator } from './emulator-client.ts';
import { compiled } from './main-commands.ts';
import { type Event, reduce } from './reduce.ts';
import type { RunningReplay } from './replay-runner.ts';
import { rowsOf } from './row-set.ts';
import { needsRules } from './rules-job.ts';
import { openTerminal, type Terminal } from './screen.ts';
import type { Source } from './source.ts';
import { type Effect, initialState, markedRows, type State } from './state.ts';
import { Work } from './work.ts';

/** A second picture within this time waits: 2,000 queued keys are one or two pictures. */
const FRAME_MS = 16;
/** While only the count of messages grows, pictures are this far apart: reading has the processor. */
const PROGRESS_MS = 200;
/** A terminal that is this far behind is given time before the next picture. */
const PENDING_LIMIT = 64 * 1024;

export interface AppOptions {
  readonly reading: Reading;
  readonly source: Source;
  /** The inputs and how they are read, to read them once more. */
  readonly files: readonly string[];
  readonly readingOptions: ReadingOptions;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly config: Config;
  readonly problems: readonly string[];
  readonly history: History;
  /** Messages that are kept, the newest; 0: all. */
  readonly ring: number;
  readonly filter: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs until the user leaves. Resolves to the exit code; rejects with what failed, the terminal being restored in any case. */
export function runTui(options: AppOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const app = new App(options, resolve, reject);
    app.start();
  });
}

/** More than a count that grew: the first messages, the first hits of a filter, the last ones. */
function isNews(before: State, after: State): boolean {
  return (
    before.shown.length === 0 || before.scan.looked === 0 || before.wanted !== after.wanted || before.scan.active !== after.scan.active
  );
}

class App {
  private state: State;
  private readonly terminal: Terminal;
  private readonly options: AppOptions;
  private readonly resolve: (code: number) => void;
  private readonly reject: (error: unknown) => void;
  private ended = false;
  private canvas: Canvas | undefined;
  private painted = 0;
  private paintAt = 0;
  private paintTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly work: Work;
  private detach: (() => void) | undefined;
  private replay: RunningReplay | undefined;

  constructor(options: AppOptions, resolve: (code: number) => void, reject: (error: unknown) => void) {
    this.options = options;
    this.resolve = resolve;
    this.reject = reject;
    const { config, source } = options;
    this.terminal = openTerminal(
      { input: options.input, output: options.output, title: `apns-inspect ${source.title}`, mouse: config.mouse },
      {
        key: (key, char) => this.dispatch({ type: 'key', key, char }),
        mouse: (action, x, y) => this.dispatch({ type: 'mouse', action, x, y }),
        resize: (width, height) => {
          this.dispatch({ type: 'resize', width, height });
          this.paint();
        },
        signal: (code) => this.end(code),
        failed: (error) => this.fail(error),
      },
    );
    const first = initialState(source, this.terminal.width, this.terminal.height);
    this.state = {
      ...configured(first, config, options.problems),
      history: options.history,
      ...compiled(options.filter ?? ''),
    };
    this.work = new Work(
      options,
      () => this.state,
      (event) => this.dispatch(event),
    );
  }

  start(): void {
    void this.loop().catch((error: unknown) => this.fail(error));
  }

  // --- events and pictures ---------------------------------------------------------------------------------------

  private dispatch(event: Event): void {
    if (this.ended) return;
    try {
      const before = this.state;
      this.state = reduce(before, event);
      const { effects } = this.state;
      if (effects.length > 0) {
        this.state = { ...this.state, effects: [] };
        for (const effect of effects) this.perform(effect);
      }
      if (event.type !== 'progress' && needsRules(this.state)) this.work.wake();
      if (this.state !== before)
        this.schedulePaint(event.type === 'progress' || event.type === 'shown' ? (isNews(before, this.state) ? FRAME_MS : PROGRESS_MS) : 0);
    } catch (error) {
      this.fail(error);
    }
  }

  /** At once when the last picture is old enough, else when it will be; at the latest `least` milliseconds after it. */
  private schedulePaint(least = 0): void {
    if (this.ended) return;
    const at = Math.max(performance.now(), this.painted + Math.max(FRAME_MS, least));
    if (this.paintTimer !== undefined) {
      if (at >= this.paintAt) return;
      clearTimeout(this.paintTimer);
    }
    this.paintAt = at;
    // Keys that came in one piece are all handled before the picture is made.
    this.paintTimer = setTimeout(() => this.paint(), at - performance.now());
  }

  private paint(): void {
    if (this.ended) return;
    clearTimeout(this.paintTimer);
    this.paintTimer = undefined;
    this.painted = performance.now();
    if (this.terminal.pending > PENDING_LIMIT) {
      this.schedulePaint();
      return;
    }
    try {
      this.canvas = draw(this.state, this.canvas);
      this.terminal.show(this.canvas);
    } catch (error) {
      this.fail(error);
    }
  }

  private end(code: number): void {
    if (this.ended) return;
    this.ended = true;
    if (this.paintTimer !== undefined) clearTimeout(this.paintTimer);
    this.detach?.();
    this.replay?.stop();
    this.terminal.close();
    this.work.wake();
    this.resolve(code);
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.terminal.close();
    this.work.wake();
    this.reject(error);
  }

  // --- what the state asks for -------------------------------------------------------------------------------------

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'quit':
        this.end(0);
        return;
      case 'suspend':
        this.terminal.suspend();
        return;
      case 'redraw':
        this.terminal.redraw();
        this.schedulePaint();
        return;
      case 'mouse':
        this.terminal.mouse(effect.on);
        return;
      case 'pause':
        break;
      case 'stop':
        this.work.stop();
        this.schedulePaint();
        break;
      case 'copy':
        this.terminal.copy(effect.text);
        this.dispatch({
          type: 'say',
          text: `copied ${effect.what} (${grouped(effect.text.length)} characters)`,
          bad: false,
        });
        break;
      case 'edit': {
        const command = editorOf(this.options.env);
        const good = this.terminal.lend(() => readInEditor(command, this.state.source, effect.row, this.options.input));
        if (!good) this.dispatch({ type: 'say', text: `the editor "${command}" ended with an error`, bad: true });
        break;
      }
      case 'history':
        saveHistory(this.options.env, this.state.history);
        break;
      case 'emulator':
        this.detach?.();
        this.detach = watchEmulator(effect.address, (change) => this.dispatch({ type: 'emulator', change }));
        break;
      case 'replay':
        void this.replayDo(effect.do).catch((error: unknown) => this.fail(error));
        break;
      default:
        this.work.begin(effect);
    }
    this.work.wake();
  }

  private async replayDo(what: 'start' | 'pause' | 'stop'): Promise<void> {
    if (what === 'stop') this.replay?.stop();
    else if (what === 'pause') {
      const paused = this.replay?.pause() === true;
      this.dispatch({ type: 'replay', change: () => ({ phase: paused ? 'paused' : 'running' }) });
    } else {
      const { state } = this;
      if (state.replay === undefined) return;
      const { form } = state.replay;
      const row = currentRow(state);
      const rows = form.messages === 'this' ? [row] : form.messages === 'marked' ? markedRows(state) : rowsOf(state.shown);
      const { startReplay } = await import('./replay-runner.ts');
      this.replay = startReplay(state.source.timeline, rows, form, (change) => this.dispatch({ type: 'replay', change }));
    }
  }

  private async loop(): Promise<void> {
    while (!this.ended) {
      const busy = this.work.turn();
      if (this.ended) return;
      // The first picture waits for the first slice: its messages are seen sooner than by way of an empty list.
      if (this.painted === 0) this.paint();
      if (busy) await new Promise<void>((resolve) => setImmediate(resolve));
      else await this.work.rest();
    }
  }
}
