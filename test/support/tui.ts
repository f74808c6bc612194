/** A state of the terminal UI over a capture of the repository, without a terminal. */
import { configured, DEFAULT_CONFIG } from '../../src/tui/config.ts';
import { FilterJob } from '../../src/tui/jobs.ts';
import { reduce } from '../../src/tui/reduce.ts';
import type { Source } from '../../src/tui/source.ts';
import { initialState, type State } from '../../src/tui/state.ts';
import { capture, readAll } from './captures.ts';

/** Reads a whole capture. */
export async function sourceOf(name: string, more: Partial<Source> = {}): Promise<Source> {
  const reading = await readAll([capture(name)]);
  return {
    timeline: reading.timeline,
    title: name.split('/').pop() ?? name,
    showSecrets: false,
    live: false,
    provenance: (row) => reading.provenance(row),
    layers: () => [],
    ...more,
  };
}

/** The state after everything was read. */
export function loaded(source: Source, width: number, height: number): State {
  const state = configured(initialState(source, width, height), DEFAULT_CONFIG, []);
  return { ...state, loading: { position: 1, size: 1, rate: 0, done: true, stopped: false, waiting: false } };
}

/** Presses keys, and does what the shell would do at once: filtering. */
export function press(state: State, ...keys: string[]): State {
  let next = state;
  for (const key of keys) {
    next = reduce(next, { type: 'key', key, char: key === 'space' ? ' ' : key.length === 1 ? key : undefined });
    if (next.effects.some((e) => e.type === 'rescan')) {
      const only = next.onlyMarked ? Uint32Array.from(next.marks).sort() : undefined;
      const job = new FilterJob(next.source.timeline, next.filterOff ? undefined : next.filter, only);
      while (job.behind) job.step(50);
      next = reduce({ ...next, effects: [] }, { type: 'shown', shown: job.shown, scan: { looked: job.looked, active: false } });
    }
  }
  return next;
}

export const type = (state: State, text: string): State => press(state, ...[...text].map((c) => (c === ' ' ? 'space' : c)));
