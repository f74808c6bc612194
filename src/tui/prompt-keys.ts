/** Keys while a prompt is open, and what Enter does with its text. */
import { grouped } from '../core/text.ts';
import { allFields } from '../schema/registry.ts';
import { emulatorState } from './emulator-view.ts';
import { BINDINGS } from './keys.ts';
import { compiled, filterPrompt, search } from './main-commands.ts';
import { enter, goToNumber, goToRow, rescan } from './moves.ts';
import { editPrompt, filterProblem, type PromptState } from './prompt.ts';
import { REPLAY_FIELDS } from './replay-view.ts';
import { ask, type State, say } from './state.ts';

/** Entries of a history that are kept. */
export const HISTORY_LIMIT = 200;

export const remembered = (history: readonly string[], text: string): string[] =>
  [...history.filter((h) => h !== text), text].slice(-HISTORY_LIMIT);

export function promptKey(
  state: State,
  prompt: PromptState,
  key: string,
  char: string | undefined,
  run: (state: State, command: string, count: number | undefined) => State,
): State {
  if (key === 'escape' || key === 'C-c' || key === 'C-g') return { ...state, prompt: undefined };
  if (key !== 'enter') {
    const next = editPrompt(prompt, key, char);
    return { ...state, prompt: next };
  }
  const closed: State = { ...state, prompt: undefined };
  const text = prompt.text;
  switch (prompt.kind) {
    case 'filter':
      return applyFilter(state, closed, prompt);
    case 'find': {
      if (prompt.problem !== undefined || text === '') return prompt.problem === undefined ? closed : state;
      const next: State = {
        ...closed,
        search: { kind: prompt.findKind, text },
        history: { ...state.history, find: remembered(state.history.find, text) },
      };
      return ask(search(next, 1, next.cursor), { type: 'history', kind: 'find', text });
    }
    case 'jump':
      return jump(closed, text.trim());
    case 'command': {
      const name = text.trim();
      if (/^[#+\d]/.test(name)) return jump(closed, name);
      if (name === 'q' || name === 'quit') return ask(closed, { type: 'quit' });
      if (!BINDINGS.some((b) => b.command === name)) return say(closed, `there is no command "${name}"`, true);
      return run(closed, name, undefined);
    }
    case 'export':
      return text.trim() === '' ? closed : ask(closed, { type: 'export', format: prompt.format, path: text.trim(), what: prompt.what });
    case 'replay': {
      const { replay } = state;
      const field = REPLAY_FIELDS.find((f) => f.label === prompt.label);
      if (replay === undefined || field === undefined) return closed;
      return { ...closed, replay: { ...replay, form: { ...replay.form, [field.name]: text.trim() } } };
    }
    case 'emulator':
      return text.trim() === ''
        ? closed
        : ask(enter({ ...closed, emulator: emulatorState(text.trim()) }, 'emulator'), { type: 'emulator', address: text.trim() });
  }
}

function applyFilter(state: State, closed: State, prompt: PromptState): State {
  const text = prompt.text.trim();
  if (filterProblem(prompt.text) !== undefined) {
    // A word that is no filter is most likely to be looked for in what the list shows.
    if (/^[\w-]+$/.test(text) && !allFields().some((f) => f.filter === text)) {
      return filterPrompt(say(state, '⏎ again filters by this text', false), `apns.info contains ${JSON.stringify(text)}`);
    }
    return state;
  }
  const next: State = { ...closed, ...compiled(text), filterOff: false };
  if (text === '') return rescan(next);
  return rescan(
    { ...next, history: { ...state.history, filter: remembered(state.history.filter, text) } },
    { type: 'history', kind: 'filter', text },
  );
}

/** First shown row at or after a time, by bisection where times ascend closely enough. */
function rowOfTime(state: State, seconds: number): number {
  const { timeline } = state.source;
  const { columns } = timeline.rows;
  let low = timeline.first;
  let high = timeline.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (columns.sec(mid) + columns.nsec(mid) / 1e9 < seconds) low = mid + 1;
    else high = mid;
  }
  return Math.min(low, timeline.length - 1);
}

/** "#41", "41", "+12.5" seconds from the reference, "18:12:06" or an ISO time. */
function jump(state: State, text: string): State {
  const { timeline } = state.source;
  if (text === '' || timeline.length === 0) return state;
  if (/^#?\d+$/.test(text)) {
    const number = Number(text.replace('#', ''));
    if (number < 1 || number > timeline.length)
      return say(state, `there are messages ${grouped(state.gone + 1)} to ${grouped(timeline.length)}`, true);
    return goToNumber(state, number);
  }
  const { columns } = timeline.rows;
  const base = columns.sec(state.reference) + columns.nsec(state.reference) / 1e9;
  if (/^\+\d+(\.\d+)?$/.test(text)) return goToRow(state, rowOfTime(state, base + Number(text.slice(1))));
  const clock = /^(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(text);
  if (clock !== null) {
    const day = Math.floor(base / 86_400) * 86_400;
    return goToRow(state, rowOfTime(state, day + Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0)));
  }
  const instant = Date.parse(text);
  if (!Number.isNaN(instant)) return goToRow(state, rowOfTime(state, instant / 1000));
  return say(state, `"${text}" is neither a number nor a time (UTC)`, true);
}
