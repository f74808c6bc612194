/** A list to choose from, over the view: columns, sort order, formats, what to copy. */
import { COLUMNS, DEFAULT_COLUMNS } from '../view/columns.ts';

export interface MenuItem {
  readonly value: string;
  readonly label: string;
  readonly doc: string;
  readonly on?: boolean;
}

export interface MenuState {
  readonly kind: 'columns' | 'sort' | 'copy' | 'format' | 'what';
  readonly title: string;
  readonly items: readonly MenuItem[];
  readonly cursor: number;
  /** What a menu before this one chose. */
  readonly chosen: string;
}

export function columnsMenu(shown: readonly string[]): MenuState {
  // Chosen columns first, in their order.
  const rest = COLUMNS.filter((c) => !shown.includes(c.name));
  const ordered = [...shown.flatMap((name) => COLUMNS.filter((c) => c.name === name)), ...rest];
  return {
    kind: 'columns',
    title: 'Columns (Space: on or off, + - moves, ⏎ done)',
    items: ordered.map((c) => ({
      value: c.name,
      label: c.title === c.name ? c.name : `${c.name}`,
      doc: c.doc,
      on: shown.includes(c.name),
    })),
    cursor: 0,
    chosen: '',
  };
}

/** Columns that rows can be sorted by: those that the index holds. */
export const SORTABLE = [
  'number',
  'time',
  'dir',
  'stream',
  'packet',
  'dialect',
  'message',
  'token',
  'topic',
  'id',
  'status',
  'size',
] as const;

export function sortMenu(): MenuState {
  const items = SORTABLE.map((name) => ({ value: name, label: name, doc: COLUMNS.find((c) => c.name === name)?.doc ?? '' }));
  return { kind: 'sort', title: 'Sort by (⏎; again: the other way round)', items, cursor: 0, chosen: '' };
}

export const copyMenu = (): MenuState => ({
  kind: 'copy',
  title: 'Copy',
  cursor: 0,
  chosen: '',
  items: [
    { value: 'field', label: 'field', doc: 'value of the selected field' },
    { value: 'row', label: 'row', doc: 'the line of the list' },
    { value: 'json', label: 'json', doc: 'the message as JSON' },
    { value: 'hex', label: 'hex', doc: 'bytes of the message as hex' },
    { value: 'dump', label: 'dump', doc: 'bytes of the message as hex dump' },
    { value: 'payload', label: 'payload', doc: 'the payload as JSON' },
    { value: 'filter', label: 'filter', doc: 'filter for the selected field' },
  ],
});

export const toggledItem = (menu: MenuState): MenuState => ({
  ...menu,
  items: menu.items.map((item, i) => (i === menu.cursor ? { ...item, on: item.on !== true } : item)),
});

/** Moves the item under the cursor up or down. */
export function movedItem(menu: MenuState, step: 1 | -1): MenuState {
  const to = menu.cursor + step;
  if (to < 0 || to >= menu.items.length) return menu;
  const items = [...menu.items];
  [items[menu.cursor], items[to]] = [items[to], items[menu.cursor]];
  return { ...menu, items, cursor: to };
}

/** Columns of the list by the width of the terminal, when none were chosen. */
export function columnsFor(width: number): readonly string[] {
  if (width < 100) return ['number', 'time', 'dir', 'message', 'status', 'info'];
  if (width < 160) return ['number', 'time', 'dir', 'stream', 'message', 'token', 'status', 'size', 'info'];
  const more: Readonly<Record<string, readonly string[]>> = { dir: ['dir', 'stream'], peers: [], info: ['rtt', 'info'] };
  return DEFAULT_COLUMNS.flatMap((name) => more[name] ?? [name]);
}
