/** The key table: what can be done, with which keys, where. Bindings, the help page, the hints and docs/tui.md are made from it. */

/** Where a binding counts. `main` is the timeline with its panes. */
export type Place = 'main' | 'list' | 'tree' | 'bytes' | 'ladder' | 'stats' | 'compare' | 'help' | 'menu' | 'emulator' | 'replay';

export interface Binding {
  readonly command: string;
  readonly keys: readonly string[];
  readonly places: readonly Place[];
  readonly group: 'Move' | 'Views' | 'Filter' | 'Find' | 'Act' | 'Live';
  /** What it does, for the help page. */
  readonly doc: string;
  /** One word for the line of hints; only the most important have one. */
  readonly hint?: string;
}

const ALL: readonly Place[] = ['main', 'list', 'tree', 'bytes', 'ladder', 'stats', 'compare', 'help', 'menu', 'emulator', 'replay'];
const MAIN: readonly Place[] = ['main'];

export const BINDINGS: readonly Binding[] = [
  { command: 'down', keys: ['j', 'down'], places: ALL, group: 'Move', doc: 'one line down' },
  { command: 'up', keys: ['k', 'up'], places: ALL, group: 'Move', doc: 'one line up' },
  { command: 'page-down', keys: ['C-f', 'pagedown'], places: ALL, group: 'Move', doc: 'one page down' },
  { command: 'page-up', keys: ['C-b', 'pageup'], places: ALL, group: 'Move', doc: 'one page up' },
  { command: 'half-down', keys: ['C-d'], places: ALL, group: 'Move', doc: 'half a page down' },
  { command: 'half-up', keys: ['C-u'], places: ALL, group: 'Move', doc: 'half a page up' },
  { command: 'top', keys: ['g', 'home'], places: ALL, group: 'Move', doc: 'first line' },
  { command: 'end', keys: ['G', 'end'], places: ALL, group: 'Move', doc: 'last line; 123G goes to message 123' },
  {
    command: 'expand',
    keys: ['right', 'l'],
    places: ['tree', 'bytes', 'stats', 'list', 'menu', 'replay'],
    group: 'Move',
    doc: 'expand; next table, tab or value; list: scroll right',
  },
  {
    command: 'collapse',
    keys: ['left', 'h'],
    places: ['tree', 'bytes', 'stats', 'list', 'menu', 'replay'],
    group: 'Move',
    doc: 'collapse; previous table, tab or value; list: scroll left',
  },
  { command: 'pair-next', keys: [']'], places: MAIN, group: 'Move', doc: 'next message of the pair (answer)' },
  { command: 'pair-previous', keys: ['['], places: MAIN, group: 'Move', doc: 'previous message of the pair (question)' },
  { command: 'jump', keys: ['C-g'], places: MAIN, group: 'Move', doc: 'go to a message number or a time' },

  { command: 'open', keys: ['enter'], places: ALL, group: 'Views', doc: 'open, expand, filter by the row (statistics)' },
  {
    command: 'next-pane',
    keys: ['tab', 'f6'],
    places: ['main', 'stats', 'ladder', 'menu', 'replay'],
    group: 'Views',
    doc: 'next pane, table or mode',
    hint: 'pane',
  },
  {
    command: 'previous-pane',
    keys: ['S-tab'],
    places: ['main', 'stats', 'ladder', 'menu', 'replay'],
    group: 'Views',
    doc: 'previous pane, table or mode',
  },
  { command: 'ladder', keys: ['f'], places: MAIN, group: 'Views', doc: 'flow (ladder) of this connection or token', hint: 'Flow' },
  { command: 'stats', keys: ['i'], places: MAIN, group: 'Views', doc: 'statistics of what is shown', hint: 'Stats' },
  { command: 'emulator', keys: ['@'], places: MAIN, group: 'Views', doc: 'watch a running emulator' },
  { command: 'maximise', keys: ['\\'], places: MAIN, group: 'Views', doc: 'maximise the pane, or back' },
  { command: 'bytes-below', keys: ['|'], places: MAIN, group: 'Views', doc: 'bytes beside or below the detail' },
  { command: 'grow', keys: ['+'], places: MAIN, group: 'Views', doc: 'more room for the list' },
  { command: 'shrink', keys: ['-'], places: MAIN, group: 'Views', doc: 'less room for the list' },
  { command: 'byte-tab', keys: ['v'], places: MAIN, group: 'Views', doc: 'bytes of message, payload, record or packet' },
  { command: 'columns', keys: ['C'], places: MAIN, group: 'Views', doc: 'choose columns' },
  { command: 'time-format', keys: ['t'], places: [...MAIN, 'ladder'], group: 'Views', doc: 'next time format' },
  { command: 'time-reference', keys: ['T'], places: MAIN, group: 'Views', doc: 'count times from this message' },
  { command: 'sort', keys: ['S'], places: MAIN, group: 'Views', doc: 'sort by a column' },
  { command: 'theme', keys: ['M-c'], places: ALL, group: 'Views', doc: 'next theme: dark, light, mono' },
  { command: 'colors', keys: ['c'], places: MAIN, group: 'Views', doc: 'colour rules on or off' },
  { command: 'mouse', keys: ['M-m'], places: ALL, group: 'Views', doc: 'mouse on or off' },
  { command: 'help', keys: ['?', 'f1'], places: ALL, group: 'Views', doc: 'this page; again: the filter language', hint: 'Help' },
  { command: 'redraw', keys: ['C-l'], places: ALL, group: 'Views', doc: 'draw the screen anew' },
  { command: 'back', keys: ['escape'], places: ALL, group: 'Views', doc: 'one level up' },
  { command: 'quit', keys: ['q'], places: ALL, group: 'Views', doc: 'one level up; on the timeline: quit', hint: 'Quit' },
  { command: 'quit-now', keys: ['Q'], places: ALL, group: 'Views', doc: 'quit at once' },
  { command: 'suspend', keys: ['C-z'], places: ALL, group: 'Views', doc: 'suspend (fg comes back)' },

  {
    command: 'filter',
    keys: ['/', 'f7'],
    places: [...MAIN, 'stats', 'ladder'],
    group: 'Filter',
    doc: 'edit the filter (Tab completes, up/down history)',
    hint: 'Filter',
  },
  { command: 'filter-toggle', keys: ['M-f'], places: MAIN, group: 'Filter', doc: 'filter off and on' },
  { command: 'filter-clear', keys: ['M-x'], places: MAIN, group: 'Filter', doc: 'no filter' },
  { command: 'filter-and', keys: ['a'], places: MAIN, group: 'Filter', doc: 'and the selected field has this value' },
  { command: 'filter-or', keys: ['o'], places: MAIN, group: 'Filter', doc: 'or the selected field has this value' },
  { command: 'filter-not', keys: ['x'], places: MAIN, group: 'Filter', doc: 'and not this value of the selected field' },
  { command: 'filter-only', keys: ['='], places: MAIN, group: 'Filter', doc: 'only this value of the selected field' },
  { command: 'follow-stream', keys: ['F'], places: MAIN, group: 'Filter', doc: 'only this connection' },
  { command: 'follow-token', keys: ['K'], places: MAIN, group: 'Filter', doc: 'only this token' },
  { command: 'only-marked', keys: ['M'], places: MAIN, group: 'Filter', doc: 'only marked messages, or all' },

  {
    command: 'find',
    keys: ['s', 'C-_', 'C-/'],
    places: MAIN,
    group: 'Find',
    doc: 'find text, hex or regular expression (Tab: kind)',
    hint: 'Search',
  },
  { command: 'find-next', keys: ['n'], places: MAIN, group: 'Find', doc: 'next hit' },
  { command: 'find-previous', keys: ['N'], places: MAIN, group: 'Find', doc: 'previous hit' },
  { command: 'mark-next', keys: ["'"], places: MAIN, group: 'Find', doc: 'next mark' },

  { command: 'mark', keys: ['m'], places: MAIN, group: 'Act', doc: 'mark or unmark', hint: 'Mark' },
  { command: 'mark-down', keys: ['space'], places: [...MAIN, 'ladder', 'menu', 'replay'], group: 'Act', doc: 'mark and go on; choose' },
  { command: 'unmark-all', keys: ['U'], places: MAIN, group: 'Act', doc: 'unmark all' },
  { command: 'compare', keys: ['d'], places: [...MAIN, 'ladder'], group: 'Act', doc: 'compare with the marked message (or the pair)' },
  {
    command: 'export',
    keys: ['w', 'e'],
    places: [...MAIN, 'stats', 'ladder'],
    group: 'Act',
    doc: 'export what is shown to a file',
    hint: 'Write',
  },
  { command: 'copy', keys: ['y'], places: [...MAIN, 'ladder', 'stats'], group: 'Act', doc: 'copy field, row, hex or JSON', hint: 'Yank' },
  { command: 'edit', keys: ['E'], places: MAIN, group: 'Act', doc: 'the message as text in $EDITOR, a copy to read' },
  { command: 'replay', keys: ['r'], places: MAIN, group: 'Act', doc: 'replay marked or shown messages', hint: 'Replay' },
  { command: 'replay-start', keys: ['r'], places: ['replay'], group: 'Act', doc: 'start: send, or show the plan', hint: 'start' },
  { command: 'replay-stop', keys: ['x'], places: ['replay'], group: 'Act', doc: 'stop the replay', hint: 'stop' },
  { command: 'compress', keys: ['C'], places: ['ladder'], group: 'Act', doc: 'one line a message' },
  { command: 'extend', keys: ['x'], places: ['ladder'], group: 'Act', doc: 'by connection, token or delivery' },
  { command: 'filtered', keys: ['S'], places: ['stats'], group: 'Act', doc: 'of what is shown, or of all' },
  { command: 'sort-table', keys: ['s'], places: ['stats'], group: 'Act', doc: 'sort by count or by name' },
  { command: 'run', keys: [':'], places: MAIN, group: 'Act', doc: 'command line: number, time, name of any command' },

  {
    command: 'pause',
    keys: ['p'],
    places: [...MAIN, 'replay', 'emulator'],
    group: 'Live',
    doc: 'pause reading (or a replay), go on',
    hint: 'pause',
  },
  { command: 'autoscroll', keys: ['A'], places: [...MAIN, 'emulator'], group: 'Live', doc: 'follow the end, or not' },
  { command: 'stop', keys: ['C-c'], places: ALL, group: 'Live', doc: 'stop loading, filtering or finding; else quit' },
];

/** Keys → command for each place. */
export type Keymap = ReadonlyMap<string, string>;

/** Keys that a Wireshark user expects, in `"keymap": "wireshark"`. */
export const WIRESHARK_KEYS: Readonly<Record<string, readonly string[]>> = {
  find: ['C-f', 's'],
  'page-down': ['pagedown', 'space'],
  filter: ['/', 'C-/', 'C-_', 'f7'],
  'mark-down': ['C-m', 'm'],
  stop: ['C-c', 'C-e'],
};

const SPECIFIC: Readonly<Record<Place, readonly Place[]>> = {
  main: ['main'],
  list: ['list', 'main'],
  tree: ['tree', 'main'],
  bytes: ['bytes', 'main'],
  ladder: ['ladder'],
  stats: ['stats'],
  compare: ['compare'],
  help: ['help'],
  menu: ['menu'],
  emulator: ['emulator'],
  replay: ['replay'],
};

/** The keymap with keys of the user's configuration in place of ours. `problems` tells names that are no commands. */
export function makeKeymap(remap: Readonly<Record<string, readonly string[]>>): { keymap: Keymap; problems: string[] } {
  const map = new Map<string, string>();
  const problems = Object.keys(remap).filter((name) => !BINDINGS.some((b) => b.command === name));
  for (const binding of BINDINGS) {
    const keys = remap[binding.command] ?? binding.keys;
    for (const key of keys) for (const place of binding.places) map.set(`${place} ${key}`, binding.command);
  }
  // Keys of the configuration win over what had them before.
  for (const binding of BINDINGS) {
    for (const key of remap[binding.command] ?? []) for (const place of binding.places) map.set(`${place} ${key}`, binding.command);
  }
  return { keymap: map, problems: problems.map((name) => `keys: there is no command "${name}"`) };
}

export function commandFor(keymap: Keymap, place: Place, key: string): string | undefined {
  for (const p of SPECIFIC[place]) {
    const command = keymap.get(`${p} ${key}`);
    if (command !== undefined) return command;
  }
  return undefined;
}

/** The first key of a command as it is shown: "^F", "Alt-f", "⏎". */
export function keyName(key: string): string {
  if (key.startsWith('C-')) return `^${key.slice(2).toUpperCase()}`;
  if (key.startsWith('M-')) return `Alt-${key.slice(2)}`;
  if (key.startsWith('S-')) return `Shift-${keyName(key.slice(2))}`;
  const names: Readonly<Record<string, string>> = {
    enter: '⏎',
    escape: 'Esc',
    space: 'Space',
    tab: 'Tab',
    up: '↑',
    down: '↓',
    left: '←',
    right: '→',
    pageup: 'PgUp',
    pagedown: 'PgDn',
    home: 'Home',
    end: 'End',
  };
  return names[key] ?? (/^f\d+$/.test(key) ? key.toUpperCase() : key);
}

/** Keys by binding of keymaps that were asked for; the hints ask at each picture. */
const keysKept = new WeakMap<Keymap, Map<Binding, readonly string[]>>();

/** Keys that are bound to a command now, in the order of the table. */
export function keysOf(keymap: Keymap, binding: Binding): readonly string[] {
  let kept = keysKept.get(keymap);
  if (kept === undefined) {
    kept = new Map();
    keysKept.set(keymap, kept);
  }
  let keys = kept.get(binding);
  if (keys === undefined) {
    keys = boundKeys(keymap, binding);
    kept.set(binding, keys);
  }
  return keys;
}

function boundKeys(keymap: Keymap, binding: Binding): string[] {
  const keys: string[] = [];
  for (const [at, command] of keymap) {
    const [place, key] = [at.slice(0, at.indexOf(' ')), at.slice(at.indexOf(' ') + 1)];
    if (command === binding.command && binding.places.includes(place as Place) && !keys.includes(key)) keys.push(key);
  }
  return keys;
}
