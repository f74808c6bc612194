/** Writes what is shown to a file, in slices, so that the screen stays alive. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { count, printable } from '../core/text.ts';
import { jsonRecord } from '../export/record.ts';
import { column, RowView } from '../view/columns.ts';
import { hexDump } from '../view/hex.ts';
import { ladderText } from '../view/ladder.ts';
import { treeLines } from '../view/tree.ts';
import { HIDDEN, hiddenBytes } from './detail.ts';
import { columnsFor } from './menu.ts';
import { type RowSet, rowAt, someRows } from './row-set.ts';
import type { Source } from './source.ts';
import { markedRows, type State } from './state.ts';
import { padded, textWidth } from './width.ts';

/** Text collected before it is written. */
const BUFFER = 64 * 1024;

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The rows that an export is about. */
export function exportedRows(state: State, what: 'shown' | 'marked' | 'this'): RowSet {
  if (what === 'marked') {
    return someRows(markedRows(state));
  }
  if (state.view === 'ladder' && state.ladder !== undefined) return someRows(state.ladder.ladder.rows);
  return state.shown;
}

/** Every field of a message, what was found on it, and its bytes. */
export function* details(source: Source, row: number): Generator<string> {
  const { timeline, showSecrets } = source;
  const message = timeline.message(row);
  yield `Message ${row + 1}: ${message.label} (${message.dialect})`;
  const { analysis } = timeline;
  for (const line of treeLines(message, analysis?.settled === true ? analysis.findings(row) : [])) {
    const text = line.field?.privacy === 'credential' && !showSecrets ? HIDDEN : line.text;
    yield `${'  '.repeat(line.depth + 1)}${line.label}: ${text}`;
  }
  if (timeline.redactor === undefined)
    for (const line of hexDump(timeline.bytes(row).bytes, 16, hiddenBytes(source, message))) yield `  ${line}`;
  yield '';
}

/** Lines of an export, made one after the other. */
function* lines(state: State, format: string, rows: RowSet): Generator<string> {
  const { timeline, showSecrets } = state.source;
  const names = state.columns ?? columnsFor(state.width);
  const columns = names.flatMap((name) => column(name) ?? []);
  const view = new RowView(timeline, state.time);
  view.first = state.reference;
  if (format === 'marks') yield `# messages of ${printable(state.source.title)}`;
  if (format === 'csv') yield columns.map((c) => c.name).join(',');
  if (format === 'ladder' && state.ladder !== undefined) {
    yield* ladderText(timeline, state.ladder.ladder, 120, state.ladder.compress);
    return;
  }
  if (format === 'stats-csv') {
    yield 'table,name,count,share,bytes,filter';
    for (const table of state.stats?.tables ?? [])
      for (const r of table.rows)
        yield [table.name, r.label, String(r.count), r.share.toFixed(6), String(r.bytes), r.filter ?? ''].map(quoted).join(',');
    return;
  }
  if (format === 'stats-json') {
    yield JSON.stringify(state.stats?.tables ?? [], undefined, 2);
    return;
  }
  if (format === 'json') yield '[';
  for (let i = 0; i < rows.length; i++) {
    const row = rowAt(rows, i);
    view.previous = i > 0 ? rowAt(rows, i - 1) : -1;
    switch (format) {
      case 'csv':
        yield columns.map((c) => quoted(c.cell(view, row))).join(',');
        break;
      case 'text':
        yield columns
          .map((c) =>
            c.max === 0 ? c.cell(view, row) : padded(c.cell(view, row), Math.max(textWidth(c.title), Math.min(c.max, 20)), c.align),
          )
          .join('  ')
          .trimEnd();
        break;
      case 'details':
        yield* details(state.source, row);
        break;
      case 'marks':
        yield String(row + 1);
        break;
      case 'json':
        yield jsonRecord(timeline, row, { showSecrets }) + (i + 1 < rows.length ? ',' : '');
        break;
      default:
        yield jsonRecord(timeline, row, { showSecrets });
    }
  }
  if (format === 'json') yield ']';
}

/** Why a file was not written, in words. */
export function exportProblem(error: unknown): string {
  const e = error as NodeJS.ErrnoException;
  if (e.code === 'EEXIST') return 'the file exists; choose another name';
  if (e.code === 'ENOENT') return 'there is no such directory';
  if (e.code === 'EACCES') return 'permission denied';
  return e.message;
}

/** A file that is written in slices. */
export interface FileJob {
  readonly path: string;
  /** What was written, in words. */
  readonly summary: string;
  /** Writes on for about `ms` milliseconds; true when all is written. Throws what the file system says. */
  step(ms: number): boolean;
}

export class ExportJob implements FileJob {
  readonly path: string;
  readonly summary: string;
  private readonly fd: number;
  private readonly source: Generator<string>;

  /** Opens the file; throws what the file system says. */
  constructor(state: State, format: string, path: string, what: 'shown' | 'marked' | 'this') {
    const rows = exportedRows(state, what);
    this.path = path;
    this.summary = count(rows.length, 'message');
    this.fd = openSync(path, 'wx');
    this.source = lines(state, format, rows);
  }

  /** True when all is written. Throws what the file system says. */
  step(ms: number): boolean {
    const end = performance.now() + ms;
    let text = '';
    let done = false;
    while (!done && performance.now() < end && text.length < BUFFER) {
      const next = this.source.next();
      if (next.done === true) done = true;
      else text += `${next.value}\n`;
    }
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    if (done) closeSync(this.fd);
    return done;
  }
}
