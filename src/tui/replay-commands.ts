/** Commands of the replay view. */
import { enter, goToRow } from './moves.ts';
import { openPrompt } from './prompt.ts';
import { cycled, FIRST_FORM, isRunning, REPLAY_FIELDS, type ReplayState, replayState, resultCount } from './replay-view.ts';
import { ask, markedRows, type State, say } from './state.ts';

type Command = (state: State, count: number | undefined) => State;

const clamp = (n: number, low: number, high: number): number => Math.max(low, Math.min(high, n));

/** Opens the view: marked messages when some are marked, what a filter shows, else the message under the cursor. */
export function openReplay(state: State): State {
  if (state.source.timeline.redactor !== undefined)
    return say(state, 'with --redact nothing can be sent: pseudonyms would go out in place of what they stand for', true);
  if (state.shown.length === 0) return say(state, 'there is no message to send', true);
  if (isRunning(state.replay)) return enter(state, 'replay');
  const messages = markedRows(state).length > 0 ? 'marked' : state.filter !== undefined && !state.filterOff ? 'shown' : 'this';
  return enter({ ...state, replay: replayState({ ...(state.replay?.form ?? FIRST_FORM), messages }) }, 'replay');
}

const changed = (state: State, change: (replay: ReplayState) => Partial<ReplayState>): State =>
  state.replay === undefined ? state : { ...state, replay: { ...state.replay, ...change(state.replay) } };

function moved(state: State, lines: number): State {
  return changed(state, (r) => {
    if (r.focus === 'form') return { field: clamp(r.field + lines, 0, REPLAY_FIELDS.length - 1) };
    const last = Math.max(0, resultCount(r) - 1);
    const selected = clamp((r.follow ? last : r.selected) + lines, 0, last);
    return { selected, follow: selected === last && isRunning(r) };
  });
}

const cycle =
  (step: 1 | -1): Command =>
  (state) =>
    changed(state, (r) => (r.focus === 'form' && !isRunning(r) ? { form: cycled(r.form, REPLAY_FIELDS[r.field], step) } : {}));

function opened(state: State): State {
  const { replay } = state;
  if (replay === undefined) return state;
  if (replay.focus === 'results') {
    const line = replay.lines[replay.follow ? replay.lines.length - 1 : replay.selected];
    return line === undefined || replay.plan.length > 0 ? state : goToRow({ ...state, view: 'main', below: [] }, line.row);
  }
  if (isRunning(replay)) return say(state, 'a replay is running (x stops it)', true);
  const field = REPLAY_FIELDS[replay.field];
  if (field.values !== undefined) return cycle(1)(state, undefined);
  return { ...state, prompt: openPrompt('replay', field.label, replay.form[field.name], []) };
}

function started(state: State): State {
  if (state.replay === undefined) return state;
  if (isRunning(state.replay)) return say(state, 'a replay is running (x stops it)', true);
  if (!state.loading.done) return say(state, 'a replay needs the whole capture: it is still being read', true);
  const { form } = state.replay;
  if (form.messages === 'marked' && markedRows(state).length === 0) return say(state, 'nothing is marked', true);
  const replay: ReplayState = { ...replayState(form), field: state.replay.field, focus: 'results', phase: 'starting' };
  return ask({ ...state, replay }, { type: 'replay', do: 'start' });
}

export const REPLAY: Readonly<Record<string, Command>> = {
  down: (s, n) => moved(s, n ?? 1),
  up: (s, n) => moved(s, -(n ?? 1)),
  'page-down': (s) => moved(s, 10),
  'page-up': (s) => moved(s, -10),
  'half-down': (s) => moved(s, 5),
  'half-up': (s) => moved(s, -5),
  top: (s) => moved(s, -1e9),
  end: (s) => moved(s, 1e9),
  expand: cycle(1),
  collapse: cycle(-1),
  'mark-down': cycle(1),
  'next-pane': (s) => changed(s, (r) => ({ focus: r.focus === 'form' ? 'results' : 'form' })),
  'previous-pane': (s) => REPLAY['next-pane'](s, undefined),
  open: opened,
  'replay-start': started,
  'replay-stop': (s) => (isRunning(s.replay) ? ask(s, { type: 'replay', do: 'stop' }) : say(s, 'no replay is running', true)),
  pause: (s) => (isRunning(s.replay) ? ask(s, { type: 'replay', do: 'pause' }) : say(s, 'no replay is running', true)),
  stop: (s) => (isRunning(s.replay) ? ask(s, { type: 'replay', do: 'stop' }) : ask(s, { type: 'quit' })),
};
