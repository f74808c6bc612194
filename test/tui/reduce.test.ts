import { beforeAll, describe, expect, test } from 'vitest';
import { currentLayer, currentRow, detailLines, highlight, treeIndex } from '../../src/tui/detail.ts';
import { joined } from '../../src/tui/field-filter.ts';
import { matcher, SearchJob, sortedRows } from '../../src/tui/jobs.ts';
import { BINDINGS, commandFor, makeKeymap } from '../../src/tui/keys.ts';
import { reduce, runCommand } from '../../src/tui/reduce.ts';
import { RESULT_LIMIT, withLines } from '../../src/tui/replay-view.ts';
import { nearestPosition, rowAt } from '../../src/tui/row-set.ts';
import type { Source } from '../../src/tui/source.ts';
import type { State } from '../../src/tui/state.ts';
import { loaded, press, sourceOf, type } from '../support/tui.ts';

let source: Source;
let start: State;
beforeAll(async () => {
  source = await sourceOf('courier-session/courier-session.pcap');
  start = loaded(source, 120, 40);
});

describe('moving', () => {
  test('j k g G and counts move the cursor, and stay within the list', () => {
    const last = source.timeline.length - 1;
    expect(press(start, 'j', 'j').cursor).toBe(2);
    expect(press(start, '3', 'j').cursor).toBe(3);
    expect(press(start, 'k').cursor).toBe(0);
    expect(press(start, 'G').cursor).toBe(last);
    expect(press(start, 'G', 'j').cursor).toBe(last);
    expect(press(start, 'G', 'g').cursor).toBe(0);
    expect(press(start, '5', 'G').cursor).toBe(4);
    expect(press(start, ':', '7', 'enter').cursor).toBe(6);
  });

  test('the cursor is always in sight', () => {
    let state = loaded(source, 80, 24);
    for (const key of ['C-f', 'C-f', 'C-d', 'j', 'C-b', 'k', 'C-u', 'G', 'k', 'g']) {
      state = press(state, key);
      expect(state.cursor).toBeGreaterThanOrEqual(state.top);
    }
  });

  test('a number outside says which there are', () => {
    expect(press(start, 'C-g', '9', '9', '9', '9', '9', 'enter').message?.text).toMatch(/there are messages 1 to/);
  });

  test('] goes to the answer and [ back to the question', () => {
    const question = [...Array(source.timeline.length).keys()].find((row) => (source.timeline.analysis?.pair(row) ?? -1) > row) as number;
    const at = press(type(press(start, 'C-g'), String(question + 1)), 'enter');
    const answer = press(at, ']');
    expect(currentRow(answer)).toBe(source.timeline.analysis?.pair(question));
    expect(currentRow(press(answer, '['))).toBe(question);
  });
});

describe('filter', () => {
  const filtered = (): State => press(type(press(start, '/'), 'apns.direction == s2c'), 'enter');

  test('Enter applies it, and only rows that match are shown', () => {
    const state = filtered();
    expect(state.shown.length).toBeGreaterThan(0);
    expect(state.shown.length).toBeLessThan(source.timeline.length);
    for (let i = 0; i < state.shown.length; i++) expect(source.timeline.rows.columns.dir(rowAt(state.shown, i))).toBe(1);
  });

  test('the cursor stays on its message, or goes to the next that is shown', () => {
    const state = press(type(press(press(start, '6', 'G'), '/'), 'apns.direction == s2c'), 'enter');
    expect(currentRow(state)).toBe(rowAt(state.shown, nearestPosition(state.shown, 5)));
    expect(currentRow(press(state, 'M-x'))).toBe(currentRow(state));
  });

  test('Alt-f turns it off and on', () => {
    const off = press(filtered(), 'M-f');
    expect(off.shown.length).toBe(source.timeline.length);
    expect(press(off, 'M-f').shown.length).toBe(filtered().shown.length);
  });

  test('a filter that is wrong cannot be applied and points at the place', () => {
    const state = press(type(press(start, '/'), 'apns.statu == 4'), 'enter');
    expect(state.prompt?.problem).toMatchObject({ start: 0, end: 10 });
    expect(state.prompt?.problem?.suggestion).toContain('apns.status');
    expect(state.filter).toBeUndefined();
  });

  test('a bare word becomes a search in the info column', () => {
    expect(press(type(press(start, '/'), 'hello'), 'enter').prompt?.text).toBe('apns.info contains "hello"');
  });

  test('Tab completes names and values', () => {
    const state = press(type(press(start, '/'), 'apns.sever'), 'tab');
    expect(state.prompt?.text).toBe('apns.severity');
    expect(press(type(press(start, '/'), 'apns.severity == war'), 'tab').prompt?.text).toBe('apns.severity == warn');
  });

  test('the history comes back with up and ^R', () => {
    const once = press(filtered(), 'M-x', '/');
    expect(press(once, 'up').prompt?.text).toBe('apns.direction == s2c');
    expect(press(type(once, 'dir'), 'C-r').prompt?.text).toBe('apns.direction == s2c');
  });

  test('a term from the selected field is put into the prompt, and Enter applies it', () => {
    const prompt = press(start, 'a');
    expect(prompt.prompt?.text).toMatch(/^apns\.dialect == "courier(-packed)?" && apns\.command == /);
    const applied = press(prompt, 'enter');
    expect(applied.shown.length).toBeGreaterThan(0);
    const field = press(start, 'tab', 'j', 'j', 'j', '=');
    expect(field.prompt?.problem).toBeUndefined();
  });

  test('every field of every message makes a filter that matches that message', () => {
    for (let row = 0; row < source.timeline.length; row++) {
      const at = press(type(press(start, 'C-g'), String(row + 1)), 'enter', 'tab');
      const lines = detailLines(source, row, at.toggled);
      for (const line of lines) {
        if (line.field === undefined) continue;
        const state = press({ ...at, treePath: line.path }, '=');
        if (state.prompt === undefined) continue;
        expect(state.prompt.problem, `${line.path}: ${state.prompt.text}`).toBeUndefined();
        const applied = press(state, 'enter');
        expect(applied.filter?.matches(source.timeline, row), `#${row + 1} ${state.prompt.text}`).toBe(true);
      }
    }
  });

  test('terms are joined with brackets where they are needed', () => {
    expect(joined('a == 1', 'and', 'b == 2')).toBe('a == 1 && b == 2');
    expect(joined('a == 1 || c', 'and', 'b == 2')).toBe('(a == 1 || c) && b == 2');
    expect(joined('a && c', 'or', 'b')).toBe('(a && c) || b');
    expect(joined('', 'not', 'b')).toBe('!(b)');
    expect(joined('a', 'not', 'b')).toBe('a && !(b)');
    expect(joined('a', 'only', 'b && c')).toBe('b && c');
  });
});

describe('marks', () => {
  test('marked messages alone are shown with M, and all again', () => {
    const marked = press(start, 'm', 'j', 'j', 'm', 'M');
    expect([...Array(marked.shown.length).keys()].map((i) => rowAt(marked.shown, i))).toEqual([0, 2]);
    expect(press(marked, 'M').shown.length).toBe(source.timeline.length);
  });

  test("' goes round the marks, Space marks and goes on, U forgets all", () => {
    const state = press(start, 'space', 'space', 'j');
    expect(state.marks).toEqual(new Set([0, 1]));
    expect(currentRow(press(state, "'"))).toBe(0);
    expect(press(state, 'U').marks.size).toBe(0);
  });
});

describe('detail and bytes', () => {
  test('the selected field is highlighted in the bytes, and a byte selects its field', () => {
    const state = press(start, 'tab', 'j', 'j', 'j');
    const lines = detailLines(source, 0, state.toggled);
    const line = lines[treeIndex(lines, state.treePath)];
    expect(highlight(state)).toEqual(line.at);
    const bytes = { ...press(state, 'tab'), byteCursor: 0 };
    const moved = press(bytes, 'l', 'l', 'l', 'l', 'l', 'l', 'l', 'l');
    expect(moved.byteCursor).toBe(8);
    const selected = lines.find((l) => l.path === moved.treePath);
    expect(selected?.at?.start).toBeLessThanOrEqual(8);
    expect(selected?.at?.end).toBeGreaterThan(8);
  });

  test('folds count for every message', () => {
    const tree = press(start, 'tab', 'g');
    const open = press(tree, 'l');
    expect(detailLines(source, 0, open.toggled).length).toBeGreaterThan(detailLines(source, 0, tree.toggled).length);
    expect(detailLines(source, 1, open.toggled)[0].open).toBe(true);
  });

  test('v goes through the layers of the bytes', () => {
    const row = [...Array(source.timeline.length).keys()].find((r) =>
      source.timeline.message(r).fields.some((f) => f.payload !== undefined),
    ) as number;
    const at = press(type(press(start, 'C-g'), String(row + 1)), 'enter');
    expect(currentLayer(at)?.name).toBe('message');
    expect(currentLayer(press(at, 'v'))?.name).toBe('payload');
  });
});

describe('views', () => {
  test('Esc and q go one level up, and only the timeline quits', () => {
    expect(press(start, 'f', 'q').view).toBe('main');
    expect(press(start, 'i', '?', 'escape').view).toBe('stats');
    expect(press(start, 'f', 'q').effects).toEqual([]);
    expect(press(start, 'q').effects).toEqual([{ type: 'quit' }]);
    expect(press(start, 'escape').effects).toEqual([]);
  });

  test('Enter in the ladder goes to the message', () => {
    const state = press(start, 'f', 'j', 'j');
    expect(currentRow(press(state, 'enter'))).toBe(state.ladder?.ladder.rows[state.ladder.cursor]);
  });

  test('a command without a view of its own changes nothing', () => {
    expect(runCommand(start, 'no-such-command', undefined)).toBe(start);
  });

  test('the wheel and clicks move the cursor', () => {
    expect(reduce(start, { type: 'mouse', action: 'wheel-down', x: 10, y: 6 }).cursor).toBe(3);
    expect(reduce(start, { type: 'mouse', action: 'click', x: 10, y: 6 }).cursor).toBe(2);
    expect(reduce(start, { type: 'mouse', action: 'click', x: 10, y: 30 }).pane).toBe('tree');
  });

  test('a smaller terminal keeps the cursor in sight', () => {
    const state = reduce(press(start, 'G'), { type: 'resize', width: 80, height: 24 });
    expect(state.cursor).toBe(source.timeline.length - 1);
    expect(state.top).toBeGreaterThan(0);
  });
});

describe('search', () => {
  /** Looks for a pattern as the prompt does, and does what the shell would do. */
  const searched = (state: State, kind: 'text' | 'hex' | 'regex', pattern: string): State => {
    const tabs = { text: [], hex: ['tab'], regex: ['tab', 'tab'] }[kind];
    const asked = press(type(press(state, 's', ...tabs), pattern), 'enter');
    const effect = asked.effects.find((e) => e.type === 'search');
    if (effect?.type !== 'search') throw new Error('no search was asked for');
    const job = new SearchJob(asked.shown, matcher(source.timeline, effect.pattern), effect.from, effect.step);
    const found = job.step(1e9) as { position: number; wrapped: boolean };
    return reduce({ ...asked, effects: [] }, { type: 'found', ...found });
  };

  test('what is not found leaves the cursor where it was', () => {
    const state = searched(start, 'text', 'no such thing');
    expect(state.cursor).toBe(0);
    expect(state.message).toEqual({ text: 'not found: no such thing', bad: true });
  });

  test('the line of the detail that holds what was found is selected', () => {
    const state = searched(start, 'text', 'low-memory');
    const plain = searched(start, 'regex', 'PRESENCE +flags');
    const lines = detailLines(source, currentRow(plain), plain.toggled);
    expect(lines[treeIndex(lines, plain.treePath)].label).toMatch(/^Presence flags/);
    expect(state.searching).toBe(false);
  });

  test('the bytes that were found are in sight and selected', () => {
    const bytes = source.timeline.bytes(0).bytes;
    const state = searched(start, 'hex', [...bytes.subarray(0x60, 0x66)].map((b) => b.toString(16).padStart(2, '0')).join(''));
    expect(state.byteCursor).toBe(0x60);
    const lines = detailLines(source, 0, state.toggled);
    const at = lines[treeIndex(lines, state.treePath)].at;
    expect(at !== undefined && at.start <= 0x60 && 0x60 < at.end).toBe(true);
  });
});

describe('jobs', () => {
  test('text, hex and regular expressions are found, around the end', () => {
    const { timeline } = source;
    const all = { rows: undefined, first: 0, length: timeline.length, ascending: true };
    const find = (pattern: Parameters<typeof matcher>[1], from: number, step: 1 | -1) =>
      new SearchJob(all, matcher(timeline, pattern), from, step).step(1e9);
    const label = timeline.message(2).label;
    const first = [...Array(timeline.length).keys()].find((r) => timeline.message(r).label === label);
    expect(find({ kind: 'text', text: label.toUpperCase() }, 0, 1)?.position).toBeLessThanOrEqual(first as number);
    expect(find({ kind: 'regex', text: 'no such thing at all' }, 0, 1)?.position).toBe(-1);
    const hex = [...timeline.bytes(3).bytes.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(':');
    const found = find({ kind: 'hex', text: hex }, 4, -1);
    expect(found?.position).toBe(3);
    expect(find({ kind: 'hex', text: hex }, 4, 1)?.wrapped ?? false).toBe(true);
  });

  test('rows are sorted by a column, both ways, equal ones in their order', () => {
    const { timeline } = source;
    const all = { rows: undefined, first: 0, length: timeline.length, ascending: true };
    const sizes = (descending: boolean): number[] => {
      const sorted = sortedRows(timeline, all, 'size', descending);
      return [...(sorted.rows as Uint32Array)].map((row) => timeline.rows.columns.length(row));
    };
    expect(sizes(false)).toEqual([...sizes(false)].sort((a, b) => a - b));
    expect(sizes(true)).toEqual([...sizes(true)].sort((a, b) => b - a));
  });
});

describe('keys', () => {
  test('no two commands have the same key in the same place', () => {
    const seen = new Map<string, string>();
    for (const binding of BINDINGS) {
      for (const place of binding.places) {
        for (const key of binding.keys) {
          expect(seen.get(`${place} ${key}`), `${place} ${key}: ${binding.command}`).toBeUndefined();
          seen.set(`${place} ${key}`, binding.command);
        }
      }
    }
  });

  test('keys of the configuration replace ours, and unknown commands are told', () => {
    const { keymap, problems } = makeKeymap({ down: ['n'], nonsense: ['z'] });
    expect(commandFor(keymap, 'list', 'n')).toBe('down');
    expect(commandFor(keymap, 'list', 'j')).toBeUndefined();
    expect(problems).toEqual(['keys: there is no command "nonsense"']);
  });

  test('every command of the table does something or is known everywhere it is bound', () => {
    for (const binding of BINDINGS) {
      if (!binding.places.includes('main')) continue;
      expect(() => runCommand(start, binding.command, undefined)).not.toThrow();
    }
  });
});

test('the replay form goes through its values, and starts with what it says', () => {
  let state = press(loaded(source, 120, 40), 'm', 'j', 'm', 'r');
  expect(state.replay?.form).toMatchObject({ messages: 'marked', dry: 'yes', target: '127.0.0.1:2197' });
  state = press(state, 'right');
  expect(state.replay?.form.messages).toBe('shown');
  state = press(state, 'left', 'left');
  expect(state.replay?.form.messages).toBe('this');
  state = type(press(state, 'j', 'enter', 'C-u'), '[::1]:5223');
  state = press(state, 'enter');
  expect(state.replay?.form.target).toBe('[::1]:5223');
  state = press(state, 'r');
  expect(state.effects).toContainEqual({ type: 'replay', do: 'start' });
  expect(state.replay).toMatchObject({ phase: 'starting', focus: 'results' });
  expect(press({ ...state, effects: [] }, 'r').effects).toEqual([]);
  expect(press({ ...state, effects: [] }, 'x').effects).toEqual([{ type: 'replay', do: 'stop' }]);
  const left = press({ ...state, effects: [] }, 'q');
  expect(left.view).toBe('main');
  const kept = press(left, 'q');
  expect(kept.view).toBe('replay');
  expect(kept.effects).toEqual([]);
  expect(kept.message?.text).toContain('a replay is running');
});

test('results that differ are kept longer than those that are equal', () => {
  const line = (row: number, outcome: 'equal' | 'different') =>
    ({ row, text: '', outcome, now: 1, recorded: 1, why: undefined, differences: [] }) as const;
  let lines = withLines([], [line(0, 'different')]);
  for (let row = 1; row <= RESULT_LIMIT * 3; row += 100)
    lines = withLines(
      lines,
      Array.from({ length: 100 }, (_, i) => line(row + i, 'equal')),
    );
  expect(lines).toHaveLength(RESULT_LIMIT);
  expect(lines[0]).toMatchObject({ row: 0, outcome: 'different' });
  expect(lines.at(-1)?.row).toBe(RESULT_LIMIT * 3);
});

test('with --redact nothing is replayed', () => {
  const redacted = { ...source, timeline: Object.create(source.timeline, { redactor: { value: {} } }) };
  const state = press({ ...loaded(source, 80, 24), source: redacted }, 'r');
  expect(state.view).toBe('main');
  expect(state.message?.text).toContain('--redact');
});
