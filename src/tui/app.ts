/** The running terminal UI: reads, filters, searches and counts in slices between keys, and paints what changed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grouped } from '../core/text.ts';
import type { Reading, ReadingOptions } from '../timeline/open.ts';
import type { Canvas } from './canvas.ts';
import { type Config, configured, type History, saveHistory } from './config.ts';
import { currentRow } from './detail.ts';
import { draw } from './draw.ts';
import { watchEmulator } from './emulator-client.ts';
import { details, ExportJob, exportedRows, exportProblem, type FileJob } from './export-job.ts';
import { FilterJob, matcher, SearchJob, sortedRows, TallyJob } from './jobs.ts';
import { compiled } from './main-commands.ts';
import { type Event, reduce } from './reduce.ts';
import type { RunningReplay } from './replay-runner.ts';
import { rowsOf } from './row-set.ts';
import { advanceRules, needsRules, waitsForRules } from './rules-job.ts';
import { openTerminal, type Terminal } from './screen.ts';
import type { Source } from './source.ts';
import { type Effect, initialState, type Loading, type State } from './state.ts';

/** Longest time that a slice of work keeps keys waiting, in milliseconds. */
const SLICE_MS = 8;
/** A second picture within this time waits: 2,000 queued keys are one or two pictures. */
const FRAME_MS = 16;
/** While only the count of messages grows, pictures are this far apart: reading has the processor. */
const PROGRESS_MS = 200;
/** A terminal that is this far behind is given time before the next picture. */
const PENDING_LIMIT = 64 * 1024;
/** Statistics are drawn while they are counted, this often. */
const TALLY_MS = 250;

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
  private filterJob: FilterJob;
  private searchJob: SearchJob | undefined;
  private tallyJob: TallyJob | undefined;
  private tallied = 0;
  private exportJob: FileJob | undefined;
  private detach: (() => void) | undefined;
  private replay: RunningReplay | undefined;
  private wake: (() => void) | undefined;
  private waitingForInput = false;
  private started = 0;
  private idle = 0;

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
      loading: this.loading('more'),
      ...compiled(options.filter ?? ''),
    };
    this.filterJob = this.newFilterJob();
  }

  start(): void {
    this.started = performance.now();
    this.paint();
    void this.loop().catch((error: unknown) => this.fail(error));
  }

  private newFilterJob(): FilterJob {
    const { state } = this;
    const only = state.onlyMarked ? Uint32Array.from(state.marks).sort() : undefined;
    return new FilterJob(state.source.timeline, state.filterOff ? undefined : state.filter, only);
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
      if (event.type !== 'progress' && needsRules(this.state)) this.wake?.();
      if (this.state !== before)
        this.schedulePaint(event.type === 'progress' || event.type === 'shown' ? (before.shown.length === 0 ? FRAME_MS : PROGRESS_MS) : 0);
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
    this.paintTimer = setTimeout(() => {
      this.paintTimer = undefined;
      this.paint();
    }, at - performance.now());
  }

  private paint(): void {
    if (this.ended) return;
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
    this.wake?.();
    this.resolve(code);
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.terminal.close();
    this.wake?.();
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
      case 'rescan':
        this.filterJob = this.newFilterJob();
        this.searchJob = undefined;
        break;
      case 'stop':
        this.stop();
        break;
      case 'search': {
        const { shown, source } = this.state;
        const from = effect.from < 0 ? shown.length - 1 : effect.from;
        this.searchJob = new SearchJob(
          shown,
          matcher(source.timeline, effect.pattern),
          effect.step > 0 ? Math.max(0, effect.from) : from,
          effect.step,
        );
        break;
      }
      case 'sort': {
        const { source, shown } = this.state;
        this.dispatch({
          type: 'sorted',
          shown: sortedRows(source.timeline, shown, effect.column, effect.descending),
          column: effect.column,
          descending: effect.descending,
        });
        break;
      }
      case 'tally': {
        const { source, stats, shown } = this.state;
        const all = { rows: undefined, length: source.timeline.length, ascending: true };
        this.tallyJob = new TallyJob(source.timeline, stats?.filtered === false ? all : shown);
        this.tallied = performance.now();
        break;
      }
      case 'copy':
        this.terminal.copy(effect.text);
        this.dispatch({
          type: 'say',
          text: `copied ${effect.what} (${grouped(effect.text.length)} characters)`,
          bad: false,
        });
        break;
      case 'export':
        this.startExport(effect);
        break;
      case 'edit':
        this.edit(effect.row);
        break;
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
    }
    this.wake?.();
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
      const rows =
        form.messages === 'this' ? [row] : form.messages === 'marked' ? [...state.marks].sort((a, b) => a - b) : rowsOf(state.shown);
      const { startReplay } = await import('./replay-runner.ts');
      this.replay = startReplay(state.source.timeline, rows, form, (change) => this.dispatch({ type: 'replay', change }));
    }
  }

  private startExport(effect: Extract<Effect, { type: 'export' }>): void {
    if (this.exportJob !== undefined) {
      this.dispatch({ type: 'say', text: 'another export is still running', bad: true });
      return;
    }
    const { format, path, what } = effect;
    if (format === 'pcapng') {
      const { reading, files, readingOptions } = this.options;
      const rows = exportedRows(this.state, what);
      import('./pcapng-job.ts')
        .then(({ PcapngJob }) => PcapngJob.open(reading, files, readingOptions, rows, path))
        .then((job) => {
          this.exportJob = job;
          this.wake?.();
        })
        .catch((error: unknown) => this.exportFailed(error));
      return;
    }
    try {
      this.exportJob = new ExportJob(this.state, format, path, what);
    } catch (error) {
      this.exportFailed(error);
    }
  }

  /** The message as text in the user's editor, which has the terminal meanwhile; the text is a copy that nobody reads again. */
  private edit(row: number): void {
    const directory = mkdtempSync(join(tmpdir(), 'apns-inspect-'));
    try {
      const path = join(directory, `message-${row + 1}.txt`);
      writeFileSync(path, [...details(this.state.source, row)].join('\n'), { mode: 0o400 });
      const { env, input } = this.options;
      const command = env['VISUAL'] || env['EDITOR'] || 'vi';
      const { error, status } = this.terminal.lend(() =>
        spawnSync('/bin/sh', ['-c', `${command} "$1"`, 'sh', path], { stdio: [(input as { fd?: number }).fd ?? 0, 'inherit', 'inherit'] }),
      );
      if (error !== undefined || status !== 0)
        this.dispatch({ type: 'say', text: `the editor "${command}" ended with an error`, bad: true });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  private exportFailed(error: unknown): void {
    this.exportJob = undefined;
    this.dispatch({ type: 'say', text: `not written: ${exportProblem(error)}`, bad: true });
  }

  private stop(): void {
    const { state } = this;
    if (this.searchJob !== undefined) {
      this.searchJob = undefined;
      this.state = { ...state, searching: false, message: { text: 'search stopped', bad: false } };
    } else if (state.scan.active && state.filter !== undefined) {
      this.filterJob.looked = state.source.timeline.length;
      this.state = {
        ...state,
        scan: { ...state.scan, active: false },
        message: { text: 'filtering stopped: not all messages were looked at', bad: true },
      };
    } else if (!state.loading.done) {
      this.options.reading.stop();
      this.state = {
        ...state,
        loading: { ...state.loading, done: true, stopped: true },
        message: { text: 'reading stopped: not all is there (^C again quits)', bad: true },
      };
    }
    this.schedulePaint();
  }

  // --- the work between keys ---------------------------------------------------------------------------------------

  private loading(input: 'more' | 'starved' | 'done'): Loading {
    const { reading } = this.options;
    const seconds = (performance.now() - this.started - this.idle) / 1000;
    const rate = seconds > 0.2 ? reading.position / seconds : 0;
    return { position: reading.position, size: reading.size, rate, done: input === 'done', stopped: false, waiting: input === 'starved' };
  }

  private async loop(): Promise<void> {
    while (!this.ended) {
      const busy = this.turn();
      if (this.ended) return;
      if (busy) await new Promise<void>((resolve) => setImmediate(resolve));
      else await this.rest();
    }
  }

  /** Until something is to be done: a key asked for it, or the input has more. */
  private async rest(): Promise<void> {
    const since = performance.now();
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (this.state.loading.waiting && !this.waitingForInput && !this.state.paused) {
        this.waitingForInput = true;
        void this.options.reading.ready().then(() => {
          this.waitingForInput = false;
          this.wake?.();
        });
      }
    });
    this.wake = undefined;
    this.idle += performance.now() - since;
  }

  /** One slice of everything that is to be done. False: there is nothing. */
  private turn(): boolean {
    let busy = false;
    const { reading } = this.options;
    if (!this.state.loading.done && !this.state.paused && !this.waitingForInput) {
      const input = reading.step();
      this.dispatch({ type: 'progress', loading: this.loading(input), total: reading.timeline.length });
      busy ||= input === 'more';
    }
    if (needsRules(this.state)) busy = this.analyse() || busy;
    if ((this.filterJob.behind || this.state.scan.active) && !waitsForRules(this.state)) {
      const job = this.filterJob;
      job.step(SLICE_MS);
      this.dispatch({ type: 'shown', shown: job.shown, scan: { looked: job.looked, active: job.behind } });
      busy ||= this.filterJob.behind;
    }
    if (this.searchJob !== undefined) {
      const found = this.searchJob.step(SLICE_MS);
      if (found !== undefined) {
        this.searchJob = undefined;
        this.dispatch({ type: 'found', ...found });
      } else busy = true;
    }
    if (this.tallyJob !== undefined) busy = this.count(this.tallyJob) || busy;
    if (this.exportJob !== undefined) busy = this.write(this.exportJob) || busy;
    return busy;
  }

  /** A slice of the rules' work; true when there is more. */
  private analyse(): boolean {
    const { timeline } = this.options.reading;
    if (!advanceRules(timeline, SLICE_MS)) return true;
    // What a filter found before the last messages were known may have changed.
    if (timeline.complete && this.state.filterAsksRules && !this.state.filterOff) this.filterJob = this.newFilterJob();
    this.dispatch({ type: 'analysed' });
    return false;
  }

  private count(job: TallyJob): boolean {
    const done = job.step(SLICE_MS);
    const now = performance.now();
    if (done || now - this.tallied > TALLY_MS) {
      this.tallied = now;
      this.dispatch({ type: 'stats', stats: { tables: job.tally.tables(), rows: job.tally.rows, busy: !done } });
    }
    if (done) this.tallyJob = undefined;
    return !done;
  }

  private write(job: FileJob): boolean {
    try {
      if (!job.step(SLICE_MS)) return true;
      this.exportJob = undefined;
      this.dispatch({ type: 'say', text: `wrote ${job.path} (${job.summary})`, bad: false });
    } catch (error) {
      this.exportFailed(error);
    }
    return false;
  }
}
