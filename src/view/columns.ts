import { toHex } from '../core/bytes.ts';
import { DIALECTS, type Field, type Message } from '../core/message.ts';
import { type Note, SEVERITIES } from '../core/note.ts';
import { DIRECTION_NAMES } from '../core/stream.ts';
import { printable, shortHex } from '../core/text.ts';
import { duration } from '../core/time.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { rowTime, type TimeFormat } from './time-format.ts';

/** A column of the timeline: one row gives header, filter name, width, and how its cell is made. */
export interface Column {
  readonly name: string;
  readonly title: string;
  readonly doc: string;
  readonly align: 'left' | 'right';
  /** Widest a cell may be in a table; 0 = as wide as it is (last column). */
  readonly max: number;
  cell(view: RowView, row: number): string;
}

/** What a row looks like under the settings of one listing. */
export class RowView {
  readonly timeline: Timeline;
  readonly time: TimeFormat;
  /** Row that relative times count from. */
  first = 0;
  /** Row shown before, for delta times. */
  previous = -1;
  /** What rules over several messages found is shown in the line, and counts for the row's severity. */
  findings = false;

  constructor(timeline: Timeline, time: TimeFormat) {
    this.timeline = timeline;
    this.time = time;
  }

  message(row: number): Message {
    return this.timeline.message(row);
  }
}

/** First field of the message under this filter alias or name, anywhere in the tree. */
export function findField(fields: readonly Field[], name: string): Field | undefined {
  for (const field of fields) {
    if (field.name === name) return field;
    if (field.children !== undefined && field.children.length < 64) {
      const inner = findField(field.children, name);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

const endpoint = (text: string): string => (text === '' ? '?' : text);

export const COLUMNS: readonly Column[] = [
  { name: 'number', title: '#', doc: 'Number of the message, from 1', align: 'right', max: 10, cell: (_, row) => String(row + 1) },
  {
    name: 'time',
    title: 'Time',
    doc: 'Time in the format of --time',
    align: 'right',
    max: 30,
    cell: (v, row) => rowTime(v.timeline, row, v.time, v.first, v.previous),
  },
  {
    name: 'dir',
    title: 'Dir',
    doc: 'c2s (client to server) or s2c',
    align: 'left',
    max: 3,
    cell: (v, row) => DIRECTION_NAMES[v.timeline.rows.columns.dir(row)],
  },
  {
    name: 'stream',
    title: 'Stream',
    doc: 'Number of the TCP connection, from 0',
    align: 'right',
    max: 8,
    cell: (v, row) => String(v.timeline.rows.columns.stream(row)),
  },
  {
    name: 'packet',
    title: 'Packet',
    doc: 'Number of the packet that completed the message',
    align: 'right',
    max: 10,
    cell: (v, row) => String(v.timeline.rows.columns.packet(row) || ''),
  },
  { name: 'src', title: 'Source', doc: 'Address and port of the sender', align: 'left', max: 45, cell: (v, row) => sender(v, row, false) },
  {
    name: 'dst',
    title: 'Destination',
    doc: 'Address and port of the receiver',
    align: 'left',
    max: 45,
    cell: (v, row) => sender(v, row, true),
  },
  {
    name: 'peers',
    title: 'Peers',
    doc: 'Client and server, with an arrow in the direction of the message',
    align: 'left',
    max: 60,
    cell: peersCell,
  },
  {
    name: 'dialect',
    title: 'Dialect',
    doc: 'Protocol of the message',
    align: 'left',
    max: 14,
    cell: (v, row) => DIALECTS[v.timeline.rows.columns.type(row) >>> 8] ?? '',
  },
  { name: 'message', title: 'Message', doc: 'Kind of message', align: 'left', max: 28, cell: (v, row) => v.message(row).label },
  {
    name: 'token',
    title: 'Token',
    doc: 'Device token, shortened',
    align: 'left',
    max: 20,
    cell: (v, row) => shortHex(tokenOf(v.timeline, row) ?? ''),
  },
  {
    name: 'topic',
    title: 'Topic',
    doc: 'Topic, by name where its hash is known',
    align: 'left',
    max: 40,
    cell: (v, row) => printable(v.timeline.topicName(row) ?? ''),
  },
  {
    name: 'id',
    title: 'Id',
    doc: 'Message id, identifier or HTTP/2 stream',
    align: 'right',
    max: 12,
    cell: (v, row) => String(v.timeline.rows.columns.id(row) ?? ''),
  },
  { name: 'status', title: 'Status', doc: 'Status of an answer', align: 'right', max: 6, cell: statusCell },
  {
    name: 'size',
    title: 'Size',
    doc: 'Bytes of the message on the wire',
    align: 'right',
    max: 9,
    cell: (v, row) => String(v.timeline.rows.columns.length(row)),
  },
  {
    name: 'process',
    title: 'Process',
    doc: 'Process that owned the socket, where the capture says so',
    align: 'left',
    max: 20,
    cell: (v, row) => printable(v.timeline.streams[v.timeline.rows.columns.stream(row)]?.endpoints.process ?? ''),
  },
  {
    name: 'pair',
    title: 'Pair',
    doc: 'Number of the message that answers this one, or that this one answers',
    align: 'right',
    max: 10,
    cell: pairCell,
  },
  { name: 'rtt', title: 'RTT', doc: 'Time between question and answer', align: 'right', max: 12, cell: rttCell },
  { name: 'info', title: 'Info', doc: 'What is in the message', align: 'left', max: 0, cell: infoCell },
];

export const DEFAULT_COLUMNS = ['number', 'time', 'dir', 'peers', 'dialect', 'message', 'token', 'topic', 'status', 'size', 'info'];

export function column(name: string): Column | undefined {
  return COLUMNS.find((c) => c.name === name);
}

function sender(view: RowView, row: number, other: boolean): string {
  const columns = view.timeline.rows.columns;
  const { client, server } = view.timeline.peers(columns.stream(row));
  return endpoint((columns.dir(row) === 0) !== other ? client : server);
}

function peersCell(view: RowView, row: number): string {
  const columns = view.timeline.rows.columns;
  const { client, server } = view.timeline.peers(columns.stream(row));
  return columns.dir(row) === 0 ? `${endpoint(client)} → ${endpoint(server)}` : `${endpoint(client)} ← ${endpoint(server)}`;
}

/** The token of a row as lower-case hex, whole. */
export function tokenOf(timeline: Timeline, row: number): string | undefined {
  if (timeline.rows.columns.token(row) === 0) return undefined;
  const message = timeline.message(row);
  if (message.token !== undefined) return toHex(message.token);
  const field = findField(message.fields, 'token');
  if (field === undefined) return undefined;
  return field.value instanceof Uint8Array ? toHex(field.value) : String(field.value ?? '');
}

function statusCell(view: RowView, row: number): string {
  const status = view.timeline.rows.columns.status(row);
  return status < 0 ? '' : String(status);
}

/** Notes in a line; a hostile message may have thousands. The same one again is told once. */
const NOTES_TOLD = 16;

function infoCell(view: RowView, row: number): string {
  const { info, notes } = view.message(row);
  const told = view.findings ? inBrackets([...notes, ...(view.timeline.analysis?.findings(row) ?? [])]) : warnings(notes);
  return printable(info + told);
}

/** What a line tells of the notes on its message. */
export function warnings(notes: readonly Note[]): string {
  return inBrackets(notes.filter((n) => n.severity === 'warn' || n.severity === 'error'));
}

function inBrackets(notes: readonly Note[]): string {
  let text = '';
  let told = 0;
  let last = '';
  for (const { code, detail } of notes) {
    const words = ` [${code}${detail === undefined ? '' : `: ${detail}`}]`;
    if (words === last) continue;
    last = words;
    if (told++ < NOTES_TOLD) text += words;
  }
  return told > NOTES_TOLD ? `${text} [${told - NOTES_TOLD} more]` : text;
}

function pairCell(view: RowView, row: number): string {
  const partner = view.timeline.analysis?.pair(row) ?? -1;
  return partner < 0 ? '' : String(partner + 1);
}

function rttCell(view: RowView, row: number): string {
  const nanos = view.timeline.analysis?.rttNanos(row);
  return nanos === undefined ? '' : duration(Number(nanos) / 1e9);
}

/** Severity of a row for colouring: the worst of its notes and of what the index knew. */
export function rowSeverity(view: RowView, row: number): number {
  let worst = view.timeline.rows.columns.severity(row);
  for (const n of view.message(row).notes) worst = Math.max(worst, SEVERITIES.indexOf(n.severity));
  if (view.findings) for (const n of view.timeline.analysis?.findings(row) ?? []) worst = Math.max(worst, SEVERITIES.indexOf(n.severity));
  return worst;
}
