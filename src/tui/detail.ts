/** The detail tree of one message as lines that can be folded, and the layers of its bytes. */

import type { Field, Message, Range } from '../core/message.ts';
import { DIRECTION_NAMES } from '../core/stream.ts';
import { count, printable } from '../core/text.ts';
import { credentialRanges } from '../view/hex.ts';
import { pairOf } from '../view/pairs.ts';
import { rowTime } from '../view/time-format.ts';
import { type TreeLine, treeLines } from '../view/tree.ts';
import { rowAt } from './row-set.ts';
import type { ByteLayer, Source } from './source.ts';
import type { State } from './state.ts';

export interface DetailLine extends TreeLine {
  /** Labels from the root: the same fold counts for every message. */
  readonly path: string;
  readonly children: number;
  readonly open: boolean;
  /** Row that Enter jumps to. */
  readonly row?: number;
}

export const HIDDEN = '‹redacted› (--show-secrets shows it)';
/** Groups of more lines than this are closed at first. */
const OPEN_LIMIT = 200;

/** The row under the cursor, or -1. */
export const currentRow = (state: State): number => rowAt(state.shown, state.cursor);

/** Rows that are looked through for the other message of a pair while the rules have not looked yet. */
const PAIR_REACH = 4096;

let kept: { source: Source; row: number; length: number; settled: boolean; lines: readonly TreeLine[] } | undefined;

/** All lines of a row, the head with time, connection and packets first. The last one asked for is kept. */
function allLines(source: Source, row: number): readonly (TreeLine & { row?: number })[] {
  const { timeline } = source;
  const { analysis } = timeline;
  const settled = analysis?.settled === true;
  if (kept?.source === source && kept.row === row && kept.length === timeline.length && kept.settled === settled) return kept.lines;
  const { columns } = timeline.rows;
  const message = timeline.message(row);
  const dir = columns.dir(row);
  const { client, server } = timeline.peers(columns.stream(row));
  const head = (depth: number, label: string, text: string, more: { row?: number } = {}): TreeLine & { row?: number } => ({
    depth,
    label,
    text: printable(text),
    at: undefined,
    field: undefined,
    severity: undefined,
    ...more,
  });
  const lines: (TreeLine & { row?: number })[] = [];
  lines.push(
    head(0, `Message ${row + 1}`, `${message.label}, ${message.dialect}, ${DIRECTION_NAMES[dir]}, ${count(columns.length(row), 'byte')}`),
  );
  const time = rowTime(timeline, row, 'utc', 0, -1);
  lines.push(head(1, 'Time', time === '' ? 'not recorded in this input' : time));
  lines.push(
    head(
      1,
      'Connection',
      `stream ${columns.stream(row)}, ${(dir === 0 ? client : server) || '?'} → ${(dir === 0 ? server : client) || '?'}`,
    ),
  );
  const process = timeline.streams[columns.stream(row)]?.endpoints.process;
  if (process !== undefined) lines.push(head(1, 'Process', process));
  for (const text of source.provenance(row)) lines.push(head(1, 'Bytes', text));
  const pair = pairOf(timeline, row, PAIR_REACH);
  if (pair !== undefined) {
    const other = timeline.message(pair.row);
    const seconds =
      pair.seconds === undefined ? '' : `, ${(Math.abs(pair.seconds) * 1000).toFixed(3)} ms ${pair.row > row ? 'later' : 'before'}`;
    lines.push(
      head(
        0,
        pair.row > row ? 'Answer' : 'Question',
        `#${pair.row + 1} ${other.label}${seconds} (${pair.row > row ? ']' : '['} goes there)`,
        { row: pair.row },
      ),
    );
  }
  for (const line of treeLines(message, settled ? analysis?.findings(row) : [])) {
    const secret = line.field?.privacy === 'credential' && !source.showSecrets;
    lines.push(secret ? { ...line, text: HIDDEN } : line);
  }
  kept = { source, row, length: timeline.length, settled, lines };
  return lines;
}

let keptVisible: { all: readonly TreeLine[]; toggled: ReadonlySet<string>; lines: readonly DetailLine[] } | undefined;

/** The lines of a row that are visible with these folds. The last ones asked for are kept. */
export function detailLines(source: Source, row: number, toggled: ReadonlySet<string>): readonly DetailLine[] {
  if (row < 0) return [];
  const all = allLines(source, row);
  if (keptVisible?.all !== all || keptVisible.toggled !== toggled) keptVisible = { all, toggled, lines: visibleLines(all, toggled) };
  return keptVisible.lines;
}

function visibleLines(all: readonly (TreeLine & { row?: number })[], toggled: ReadonlySet<string>): DetailLine[] {
  const out: DetailLine[] = [];
  const stack: string[] = [];
  const seen = new Map<string, number>();
  let hiddenBelow = Number.POSITIVE_INFINITY;
  for (let i = 0; i < all.length; i++) {
    const line = all[i];
    stack.length = line.depth;
    const name = i === 0 ? 'Message' : line.label;
    const plain = `${stack.join('/')}/${name}`;
    const nth = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, nth);
    const path = nth === 1 ? plain : `${plain}#${nth}`;
    stack.push(nth === 1 ? name : `${name}#${nth}`);
    if (line.depth > hiddenBelow) continue;
    hiddenBelow = Number.POSITIVE_INFINITY;
    let children = 0;
    while (i + 1 + children < all.length && all[i + 1 + children].depth > line.depth) children++;
    const openAtFirst = i > 0 && children <= OPEN_LIMIT;
    const open = children > 0 && openAtFirst !== toggled.has(path);
    if (children > 0 && !open) hiddenBelow = line.depth;
    out.push({ ...line, path, children, open });
  }
  return out;
}

/** First field with a payload, where it lies in the message. */
function payloadField(fields: readonly Field[]): Field | undefined {
  for (const field of fields) {
    if (field.payload !== undefined) return field;
    const inner = field.children === undefined || field.children.length > 64 ? undefined : payloadField(field.children);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

let keptLayers: { source: Source; row: number; layers: readonly ByteLayer[] } | undefined;

/** What credentials stand in, of the message's bytes; nothing when they are to be shown. */
export const hiddenBytes = (source: Source, message: Message): Range[] => (source.showSecrets ? [] : credentialRanges(message.fields));

/** The layers of a row's bytes, message first. None under --redact. */
export function byteLayers(source: Source, row: number): readonly ByteLayer[] {
  if (row < 0 || source.timeline.redactor !== undefined) return [];
  if (keptLayers !== undefined && keptLayers.source === source && keptLayers.row === row) return keptLayers.layers;
  const layers: ByteLayer[] = [{ name: 'message', bytes: source.timeline.bytes(row).bytes, offset: 0 }];
  const message = source.timeline.message(row);
  const field = payloadField(message.fields);
  if (field?.payload !== undefined) layers.push({ name: 'payload', bytes: field.payload, offset: field.at?.start ?? 0 });
  layers.push(...source.layers(row));
  const hidden = hiddenBytes(source, message);
  const masked =
    hidden.length === 0
      ? layers
      : layers.map((l) => ({
          ...l,
          hidden: [...(l.hidden ?? []), ...hidden.map((r) => ({ start: r.start - l.offset, end: r.end - l.offset }))],
        }));
  keptLayers = { source, row, layers: masked };
  return masked;
}

/** The layer of the chosen tab, or the message. */
export function currentLayer(state: State): ByteLayer | undefined {
  const layers = byteLayers(state.source, currentRow(state));
  return layers.find((l) => l.name === state.byteTab) ?? layers[0];
}

/** Bytes to highlight: those of the selected tree line, in the offsets of the layer shown. */
export function highlight(state: State): { start: number; end: number } | undefined {
  const layer = currentLayer(state);
  if (layer === undefined) return undefined;
  if (state.pane === 'bytes') return { start: state.byteCursor, end: state.byteCursor + 1 };
  const lines = detailLines(state.source, currentRow(state), state.toggled);
  const line = lines[treeIndex(lines, state.treePath)];
  if (line?.at === undefined || line.at.end <= line.at.start) {
    // Without a field the message itself stands out in what is around it.
    if (layer.name !== 'record' && layer.name !== 'packet') return undefined;
    return { start: -layer.offset, end: -layer.offset + state.source.timeline.rows.columns.length(currentRow(state)) };
  }
  return { start: line.at.start - layer.offset, end: line.at.end - layer.offset };
}

/** Index of the selected line: the one with the path that was selected, in whatever message is shown. */
export function treeIndex(lines: readonly DetailLine[], path: string): number {
  const at = lines.findIndex((l) => l.path === path);
  return Math.max(at, 0);
}

/** First line to show so that `index` is visible, near where it was. */
export function scrolled(top: number, index: number, rows: number, total: number): number {
  const last = Math.max(0, total - rows);
  return Math.min(last, index < top ? index : index >= top + rows ? index - rows + 1 : Math.max(0, top));
}

/** Index of the innermost visible line that holds a byte of the message, or -1. */
export function lineOfByte(lines: readonly DetailLine[], at: number): number {
  let best = -1;
  let size = Number.POSITIVE_INFINITY;
  lines.forEach((line, i) => {
    if (line.at === undefined || at < line.at.start || at >= line.at.end) return;
    const length = line.at.end - line.at.start;
    if (length <= size) {
      size = length;
      best = i;
    }
  });
  return best;
}
