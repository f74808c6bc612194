/** The ladder (sequence) diagram of messages between provider, gateway, courier and device, as data and as text. */
import { DIALECT } from '../core/message.ts';
import { grouped, printable, shortHex } from '../core/text.ts';
import { duration, elapsed } from '../core/time.ts';
import type { AnalysisView, Timeline } from '../timeline/timeline.ts';
import { tokenOf } from './columns.ts';
import { pairOf } from './pairs.ts';
import { pointWidth } from './text-width.ts';

type Delivery = ReturnType<AnalysisView['deliveries']>[number];

export type LadderMode = 'connection' | 'token' | 'delivery';

type Role = 'provider' | 'gateway' | 'feedback' | 'courier' | 'device' | 'client' | 'server';

/** Left to right as a push travels. */
const ROLES: readonly Role[] = ['provider', 'gateway', 'feedback', 'courier', 'device', 'client', 'server'];

export interface Lane {
  readonly role: Role;
  readonly name: string;
}

export interface Ladder {
  readonly mode: LadderMode;
  readonly title: string;
  /** Ends of the same role are one lane: tokens move between connections. */
  readonly lanes: readonly Lane[];
  readonly rows: Uint32Array;
  /** Pushes seen on both sides, by the row that the device got: between gateway and courier nobody captured them. */
  readonly delivered: ReadonlyMap<number, Delivery>;
}

/** Messages in one ladder; nobody reads more, and what is left out is told in the title. */
const MAX_ROWS = 100_000;
/** Answers are looked for this near: each message of the ladder asks. */
const ANSWER_REACH = 4096;

/** Roles of the two ends of a stream: [client, server]. */
function roles(timeline: Timeline, stream: number): readonly [Role, Role] {
  const record = timeline.streams[stream];
  const dialect = record?.tls?.inner ?? record?.facts.dialect;
  switch (dialect) {
    case DIALECT.http2:
    case DIALECT.gateway:
      return ['provider', 'gateway'];
    case DIALECT.feedback:
      return ['provider', 'feedback'];
    case DIALECT.courier:
    case DIALECT.packed:
    case DIALECT.ios4:
      return ['device', 'courier'];
    default:
      return ['client', 'server'];
  }
}

function lanesOf(timeline: Timeline, rows: Uint32Array): Lane[] {
  const names = new Map<Role, Set<string>>();
  const seen = new Set<number>();
  for (const row of rows) {
    const stream = timeline.rows.columns.stream(row);
    if (seen.has(stream)) continue;
    seen.add(stream);
    const [client, server] = roles(timeline, stream);
    const peers = timeline.peers(stream);
    for (const [role, address] of [
      [client, peers.client],
      [server, peers.server],
    ] as const) {
      const list = names.get(role) ?? new Set();
      if (address !== '') list.add(address);
      names.set(role, list);
    }
  }
  return ROLES.filter((role) => names.has(role)).map((role) => {
    const addresses = names.get(role) as Set<string>;
    const [first = ''] = addresses;
    return { role, name: addresses.size > 1 ? `${role} ×${addresses.size}` : `${role} ${first}`.trimEnd() };
  });
}

/** The ladder of the connection of `row`, among the rows that `shown` holds in order. */
export function connectionLadder(timeline: Timeline, row: number): Ladder {
  const { columns } = timeline.rows;
  const stream = columns.stream(row);
  return ladder(timeline, 'connection', `connection ${stream}`, (at) => columns.stream(at) === stream);
}

/** The ladder of the token of `row` over all connections, with the answers that carry no token; undefined when it has none. */
export function tokenLadder(timeline: Timeline, row: number): Ladder | undefined {
  const { columns } = timeline.rows;
  const pair = columns.token(row) === 0 ? pairOf(timeline, row) : undefined;
  const from = pair?.row ?? row;
  const key = columns.token(from);
  const token = tokenOf(timeline, from);
  if (key === 0 || token === undefined) return undefined;
  const found = ladder(timeline, 'token', `token ${shortHex(token)}`, (at) => columns.token(at) === key && tokenOf(timeline, at) === token);
  const rows = new Set<number>(found.rows);
  for (const at of found.rows) {
    const answer = pairOf(timeline, at, ANSWER_REACH);
    if (answer !== undefined) rows.add(answer.row);
    if (rows.size >= MAX_ROWS) break;
  }
  const all = Uint32Array.from(rows).sort();
  const delivered = new Map(deliveries(timeline).flatMap((d) => (rows.has(d.message) && rows.has(d.push) ? [[d.message, d]] : [])));
  return { ...found, rows: all, lanes: lanesOf(timeline, all), delivered };
}

/** Deliveries that the rules found, as far as they have looked. */
function deliveries(timeline: Timeline): readonly Delivery[] {
  const { analysis } = timeline;
  return analysis === undefined || (analysis.held && !analysis.settled) ? [] : analysis.deliveries();
}

/** One push on its whole way: to the gateway, its answer, to the device, its acknowledgement. Undefined when `row` is no part of one. */
function deliveryLadder(timeline: Timeline, row: number): Ladder | undefined {
  const partner = pairOf(timeline, row, ANSWER_REACH)?.row ?? -1;
  const isPart = (at: number): boolean => at === row || at === partner;
  const found = deliveries(timeline).find((d) => isPart(d.push) || isPart(d.message));
  if (found === undefined) return undefined;
  const rows = new Set([found.push, found.message]);
  for (const at of [found.push, found.message]) {
    const answer = pairOf(timeline, at, ANSWER_REACH);
    if (answer !== undefined) rows.add(answer.row);
  }
  const all = Uint32Array.from(rows).sort();
  const took = Number.isNaN(found.latency) ? '' : `, ${duration(found.latency)} from provider to device`;
  const title = `delivery of #${found.push + 1}${took}`;
  return { mode: 'delivery', title, rows: all, lanes: lanesOf(timeline, all), delivered: new Map([[found.message, found]]) };
}

/** The ladder of a mode for a row; undefined when the row has no token, or is no part of a delivery. */
export function ladderOf(timeline: Timeline, mode: LadderMode, row: number): Ladder | undefined {
  if (mode === 'connection') return connectionLadder(timeline, row);
  return mode === 'token' ? tokenLadder(timeline, row) : deliveryLadder(timeline, row);
}

function ladder(timeline: Timeline, mode: LadderMode, title: string, belongs: (row: number) => boolean): Ladder {
  const found: number[] = [];
  const end = timeline.length;
  for (let row = timeline.first; row < end && found.length < MAX_ROWS; row++) if (belongs(row)) found.push(row);
  const rows = Uint32Array.from(found);
  const more = found.length >= MAX_ROWS ? ` (the first ${grouped(MAX_ROWS)})` : '';
  return { mode, title: title + more, lanes: lanesOf(timeline, rows), rows, delivered: new Map() };
}

/** Lanes that a message goes between: [from, to]. */
export function ends(timeline: Timeline, ladder: Ladder, row: number): readonly [number, number] {
  const { columns } = timeline.rows;
  const [client, server] = roles(timeline, columns.stream(row));
  const a = Math.max(
    0,
    ladder.lanes.findIndex((l) => l.role === client),
  );
  const b = Math.max(
    0,
    ladder.lanes.findIndex((l) => l.role === server),
  );
  return columns.dir(row) === 0 ? [a, b] : [b, a];
}

/** Room for what is in the message, behind its name. */
const MIN_INFO = 8;

/** What stands on the arrow: number, kind, status, and what is in the message where there is room. */
function arrowLabel(timeline: Timeline, row: number, room: number): string {
  const message = timeline.message(row);
  const status = timeline.rows.columns.status(row);
  const name = printable(`#${row + 1} ${message.label}`);
  const { info } = message;
  // "200 OK" says the status itself.
  const label = status < 0 || (info.startsWith(`${status} `) && room - widthOf(name) - 2 >= MIN_INFO) ? name : `${name} ${status}`;
  const left = room - widthOf(label) - 2;
  if (left < MIN_INFO || info === '') return short(label, room);
  return `${label}  ${short(printable(info), left)}`;
}

/** Columns at the left for the time between messages. */
const TIME_WIDTH = 13;

/** Column of each lane's line. */
function laneColumns(lanes: number, width: number): number[] {
  const room = width - TIME_WIDTH;
  const step = Math.floor(room / Math.max(1, lanes));
  return Array.from({ length: lanes }, (_, i) => TIME_WIDTH + (step >> 1) + i * step);
}

/** Writes over a line of one cell a column; behind a wide character stands an empty cell. */
function overwrite(line: string[], at: number, text: string): void {
  let x = Math.max(0, at);
  for (const c of text) {
    const width = pointWidth(c.codePointAt(0) ?? 0);
    // Joiners and marks have no cell of their own.
    if (width === 0 || x + width > line.length) continue;
    line[x] = c;
    if (width === 2) line[x + 1] = '';
    x += width;
  }
}

/** Columns of a text as `overwrite` writes it. */
function widthOf(text: string): number {
  let width = 0;
  for (const c of text) width += pointWidth(c.codePointAt(0) ?? 0);
  return width;
}

/** `text` cut to `width` columns. */
function short(text: string, width: number): string {
  let used = 0;
  let fits = 0;
  let at = 0;
  for (const c of text) {
    used += pointWidth(c.codePointAt(0) ?? 0);
    at += c.length;
    if (used <= width - 1) fits = at;
    if (used > width) return `${text.slice(0, fits)}…`;
  }
  return text;
}

/** The names of the lanes above their lines. */
export function ladderHead(ladder: Ladder, width: number): string {
  const columns = laneColumns(ladder.lanes.length, width);
  const step = columns.length > 1 ? columns[1] - columns[0] : width - TIME_WIDTH;
  const line = new Array<string>(width).fill(' ');
  ladder.lanes.forEach((lane, i) => {
    const name = short(printable(lane.name), step - 1);
    overwrite(line, columns[i] - (widthOf(name) >> 1), name);
  });
  return line.join('');
}

/** Lines of one message: a label above an arrow, or both on one line with `compress`. Each is `width` columns. */
export function ladderStep(timeline: Timeline, ladder: Ladder, index: number, width: number, compress: boolean): string[] {
  const row = ladder.rows[index];
  const columns = laneColumns(ladder.lanes.length, width);
  const [from, to] = ends(timeline, ladder, row);
  const left = Math.min(columns[from], columns[to]);
  const right = from === to ? Math.min(width - 1, left + 16) : Math.max(columns[from], columns[to]);
  const blank = (): string[] => {
    const line = new Array<string>(width).fill(' ');
    for (const x of columns) if (x < width) line[x] = '│';
    return line;
  };
  const arrow = blank();
  const time = stepTime(timeline, index > 0 ? ladder.rows[index - 1] : -1, row);
  overwrite(arrow, 1, time);
  for (let x = left + 1; x < right; x++) arrow[x] = '─';
  if (columns[to] >= columns[from]) arrow[right - 1] = '▶';
  else arrow[left + 1] = '◀';
  const room = right - left - 3;
  const label = arrowLabel(timeline, row, compress ? room - 2 : room);
  const delivery = ladder.delivered.get(row);
  const middle = left + 1 + Math.max(0, (right - left - 1 - widthOf(label)) >> 1);
  const above = blank();
  if (delivery !== undefined) inferred(timeline, ladder, delivery, columns, above, arrow);
  if (compress) {
    overwrite(arrow, middle - 1, ` ${label} `);
    return [arrow.join('')];
  }
  overwrite(above, middle, label);
  return [above.join(''), arrow.join('')];
}

/** The way of a push that nobody captured, dashed, from the lane that took it to the one that sent it on. */
function inferred(timeline: Timeline, ladder: Ladder, delivery: Delivery, columns: number[], above: string[], arrow: string[]): void {
  const [, taken] = ends(timeline, ladder, delivery.push);
  const [sent] = ends(timeline, ladder, delivery.message);
  if (columns[sent] <= columns[taken]) return;
  for (let x = columns[taken] + 1; x < columns[sent]; x++) arrow[x] = '╌';
  arrow[columns[sent] - 1] = '▶';
  const room = columns[sent] - columns[taken] - 3;
  const words = short(
    Number.isNaN(delivery.latency) ? `#${delivery.push + 1}` : `#${delivery.push + 1} ${duration(delivery.latency)}`,
    room,
  );
  overwrite(above, columns[taken] + 2 + Math.max(0, (room - words.length) >> 1), words);
}

function stepTime(timeline: Timeline, previous: number, row: number): string {
  if (!timeline.timed(row)) return '';
  if (previous < 0 || !timeline.timed(previous)) return '+0.000000';
  const { columns } = timeline.rows;
  const text = elapsed(columns.sec(row), columns.nsec(row), columns.sec(previous), columns.nsec(previous));
  return text.startsWith('-') ? text : `+${text}`;
}

/** The whole ladder as text, for export and copying. */
export function* ladderText(timeline: Timeline, ladder: Ladder, width: number, compress: boolean): Generator<string> {
  yield ladder.title;
  yield ladderHead(ladder, width).trimEnd();
  for (let i = 0; i < ladder.rows.length; i++) for (const line of ladderStep(timeline, ladder, i, width, compress)) yield line.trimEnd();
}
