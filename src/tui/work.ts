/** The work between keys: reading, rules, filtering, searching, counting and writing, each in slices. */
import type { Reading, ReadingOptions } from '../timeline/open.ts';
import { ExportJob, exportedRows, exportProblem, type FileJob } from './export-job.ts';
import { FilterJob, matcher, SearchJob, sortedRows, TallyJob } from './jobs.ts';
import type { Event } from './reduce.ts';
import { allRows } from './row-set.ts';
import { advanceRules, needsRules, waitsForRules } from './rules-job.ts';
import { type Effect, type Loading, markedRows, type State } from './state.ts';

/** Longest time that a slice of work keeps keys waiting, in milliseconds. */
const SLICE_MS = 8;
/** Statistics are drawn while they are counted, this often. */
const TALLY_MS = 250;

export interface WorkOptions {
  readonly reading: Reading;
  /** The inputs and how they are read, to read them once more. */
  readonly files: readonly string[];
  readonly readingOptions: ReadingOptions;
  /** Messages that are kept, the newest; 0: all. */
  readonly ring: number;
}

export class Work {
  private readonly options: WorkOptions;
  private readonly state: () => State;
  private readonly dispatch: (event: Event) => void;
  private filterJob: FilterJob;
  private searchJob: SearchJob | undefined;
  private tallyJob: TallyJob | undefined;
  private tallied = 0;
  private exportJob: FileJob | undefined;
  private resume: (() => void) | undefined;
  private waitingForInput = false;
  private readonly started = performance.now();
  private idle = 0;

  constructor(options: WorkOptions, state: () => State, dispatch: (event: Event) => void) {
    this.options = options;
    this.state = state;
    this.dispatch = dispatch;
    this.filterJob = this.newFilterJob();
  }

  private newFilterJob(): FilterJob {
    const state = this.state();
    return new FilterJob(
      state.source.timeline,
      state.filterOff ? undefined : state.filter,
      state.onlyMarked ? markedRows(state) : undefined,
    );
  }

  /** Takes up what a state asks for; what is no work of this kind is left. */
  begin(effect: Effect): void {
    const { source, shown, stats } = this.state();
    switch (effect.type) {
      case 'rescan':
        this.filterJob = this.newFilterJob();
        this.searchJob = undefined;
        break;
      case 'search': {
        const from = effect.from < 0 ? shown.length - 1 : effect.from;
        const at = effect.step > 0 ? Math.max(0, effect.from) : from;
        this.searchJob = new SearchJob(shown, matcher(source.timeline, effect.pattern), at, effect.step);
        break;
      }
      case 'sort': {
        const { column, descending } = effect;
        this.dispatch({ type: 'sorted', shown: sortedRows(source.timeline, shown, column, descending), column, descending });
        break;
      }
      case 'tally': {
        const all = allRows(source.timeline.length, source.timeline.first);
        this.tallyJob = new TallyJob(source.timeline, stats?.filtered === false ? all : shown);
        this.tallied = performance.now();
        break;
      }
      case 'export':
        this.startExport(effect);
        break;
      default:
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
      const rows = exportedRows(this.state(), what);
      import('./pcapng-job.ts')
        .then(({ PcapngJob }) => PcapngJob.open(reading, files, readingOptions, rows, path))
        .then((job) => {
          this.exportJob = job;
          this.wake();
        })
        .catch((error: unknown) => this.exportFailed(error));
      return;
    }
    try {
      this.exportJob = new ExportJob(this.state(), format, path, what);
    } catch (error) {
      this.exportFailed(error);
    }
  }

  private exportFailed(error: unknown): void {
    this.exportJob = undefined;
    this.dispatch({ type: 'say', text: `not written: ${exportProblem(error)}`, bad: true });
  }

  /** Stops the search, the filter or the reading, whichever runs first of these. */
  stop(): void {
    const state = this.state();
    if (this.searchJob !== undefined) {
      this.searchJob = undefined;
      this.dispatch({ type: 'stopped', what: 'search' });
    } else if (state.scan.active && state.filter !== undefined) {
      this.filterJob.looked = state.source.timeline.length;
      this.dispatch({ type: 'stopped', what: 'filter' });
    } else if (!state.loading.done) {
      this.options.reading.stop();
      this.dispatch({ type: 'stopped', what: 'reading' });
    }
  }

  /** How far the input is read. */
  private loading(input: 'more' | 'starved' | 'done'): Loading {
    const { reading } = this.options;
    const seconds = (performance.now() - this.started - this.idle) / 1000;
    const rate = seconds > 0.2 ? reading.position / seconds : 0;
    return { position: reading.position, size: reading.size, rate, done: input === 'done', stopped: false, waiting: input === 'starved' };
  }

  /** Something is to be done. */
  wake(): void {
    this.resume?.();
  }

  /** Until something is to be done: a key asked for it, or the input has more. */
  async rest(): Promise<void> {
    const since = performance.now();
    const { loading, paused } = this.state();
    await new Promise<void>((resolve) => {
      this.resume = resolve;
      if (loading.waiting && !this.waitingForInput && !paused) {
        this.waitingForInput = true;
        void this.options.reading.ready().then(() => {
          this.waitingForInput = false;
          this.wake();
        });
      }
    });
    this.resume = undefined;
    this.idle += performance.now() - since;
  }

  /** One slice of everything that is to be done. False: there is nothing. */
  turn(): boolean {
    let busy = this.read();
    if (needsRules(this.state())) busy = this.analyse() || busy;
    if ((this.filterJob.behind || this.state().scan.active) && !waitsForRules(this.state())) {
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

  /** A slice of the input; true when there is more. Beyond the ring limit the oldest messages go. */
  private read(): boolean {
    const { reading, ring } = this.options;
    const { loading, paused } = this.state();
    if (loading.done || paused || this.waitingForInput) return false;
    const input = reading.step();
    const { timeline } = reading;
    if (ring > 0 && timeline.length - ring > timeline.first) reading.drop(timeline.length - ring);
    this.dispatch({ type: 'progress', loading: this.loading(input), total: timeline.length, gone: timeline.first });
    return input === 'more';
  }

  /** A slice of the rules' work; true when there is more. */
  private analyse(): boolean {
    const { timeline } = this.options.reading;
    if (!advanceRules(timeline, SLICE_MS)) return true;
    // What a filter found before the last messages were known may have changed.
    if (timeline.complete && this.state().filterAsksRules && !this.state().filterOff) this.filterJob = this.newFilterJob();
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
