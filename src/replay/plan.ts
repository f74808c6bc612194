import { sameBytes } from '../core/bytes.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { DIALECT, DIALECTS } from '../core/message.ts';
import { type Dir, HOLE } from '../core/stream.ts';
import { CONTROL_ROW, HTTP2_ROWS } from '../schema/http2.ts';
import { FLAG_PIECES } from '../timeline/columns.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { notificationOf } from './notification.ts';
import { commandOf, readOutgoing, wireValue } from './outgoing.ts';
import { gatewayErrors, wasTaken } from './recorded.ts';
import { RowList } from './row-list.ts';

/** Whose part is played: a device towards a courier, a provider towards a gateway, feedback or HTTP/2 service, a server towards devices. */
export type Role = 'device' | 'provider' | 'server';
export const ROLES: readonly Role[] = ['device', 'provider', 'server'];

/** One connection to make, and what is said on it. */
export interface PlannedConnection {
  /** Number of the recorded stream. */
  readonly stream: number;
  readonly dialect: number;
  readonly role: Role;
  /** Indices of its messages in the plan, ascending. */
  readonly units: Int32Array;
}

export interface Plan {
  /** The role that was asked for; undefined: each connection has its own. */
  readonly role: Role | undefined;
  /** Row of each message, in the order in which they were sent. */
  readonly rows: Int32Array;
  /** 1 for what was not chosen but must come first: a device's Connect and Filter. */
  readonly prelude: Uint8Array;
  /** Recorded milliseconds, NaN without times. */
  readonly times: Float64Array;
  readonly connections: readonly PlannedConnection[];
  /** Chosen messages that are not sent: why, and how many. */
  readonly leftOut: ReadonlyMap<string, number>;
}

const CONNECT = 7;
const FILTER = 9;
const FLUSH_RESPONSE = 0x10;
const MESSAGE = 0x0a;
const IOS4_MESSAGE = 3;

/**
 * Plans to send the rows again. `role` undefined: what the rows' senders were, servers left out. Throws `UserError` when
 * nothing can be sent.
 */
export function makePlan(timeline: Timeline, selected: Iterable<number>, role: Role | undefined): Plan {
  const leftOut = new Map<string, number>();
  const drop = (why: string): void => void leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
  const { columns } = timeline.rows;
  const chosen = selected instanceof Int32Array ? selected : Int32Array.from(selected);
  const list = new RowList(chosen.length);
  const total = chosen.length;
  let devices = false;
  // Most reasons lie in the kind of message: looked up once for each kind.
  const kinds: (string | null | undefined)[] = new Array(DIALECTS.length << 9).fill(undefined);
  for (let i = 0; i < total; i++) {
    const row = chosen[i];
    const type = columns.type(row);
    const kind = (type << 1) | columns.dir(row);
    let why = kinds[kind];
    if (why === undefined) {
      why = kindRefusal(type, columns.dir(row), role) ?? null;
      kinds[kind] = why;
    }
    why ??= rowRefusal(timeline, row, role) ?? null;
    if (why !== null) {
      drop(why);
      continue;
    }
    list.add(row);
    devices ||= naturalRole(type >>> 8) === 'device';
  }
  const picked = list.all();
  const doubled = role === 'server' ? pushedAndDelivered(timeline, picked) : resentLater(timeline, picked);
  const rows =
    doubled.size === 0
      ? picked
      : picked.filter((row) => {
          if (!doubled.has(row)) return true;
          drop(
            role === 'server'
              ? 'pushes to a service: what the courier delivered is sent instead'
              : 'thrown away by the gateway then and sent again by the client: sent there',
          );
          return false;
        });
  if (rows.length === 0) throw new UserError('replay.empty', nothing(total, leftOut), EXIT.usage);
  const introductions = role === 'server' || !devices ? NO_ROWS : introduce(timeline, rows);
  const all = inTime(timeline, introductions.size === 0 ? rows : Int32Array.from([...rows, ...introductions]).sort());
  const prelude = new Uint8Array(all.length);
  const times = new Float64Array(all.length);
  for (let i = 0; i < all.length; i++) {
    const row = all[i];
    if (introductions.size > 0 && introductions.has(row)) prelude[i] = 1;
    times[i] = timeOf(timeline, row);
  }
  return { role, rows: all, prelude, times, connections: connectionsOf(timeline, all, role), leftOut };
}

function connectionsOf(timeline: Timeline, rows: Int32Array, role: Role | undefined): PlannedConnection[] {
  const { columns } = timeline.rows;
  const known = new Map<number | string, Omit<PlannedConnection, 'units'> & { readonly units: RowList }>();
  let stream = -1;
  let units: RowList | undefined;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (units === undefined || columns.stream(row) !== stream || role === 'server') {
      stream = columns.stream(row);
      const dialect = columns.type(row) >>> 8;
      // A provider speaks to many devices on one connection: each of them is one to deliver to.
      const key = role === 'server' && naturalRole(dialect) === 'provider' ? tokenOf(timeline, row) : stream;
      let connection = known.get(key);
      if (connection === undefined) {
        connection = { stream, dialect, role: role ?? naturalRole(dialect), units: new RowList() };
        known.set(key, connection);
      }
      units = connection.units;
    }
    units.add(index);
  }
  return [...known.values()].map((connection) => ({ ...connection, units: connection.units.all() }));
}

/** Recorded milliseconds, NaN without a time. */
function timeOf(timeline: Timeline, row: number): number {
  const { columns } = timeline.rows;
  return timeline.timed(row) ? columns.sec(row) * 1000 + columns.nsec(row) / 1e6 : Number.NaN;
}

/**
 * The rows in the order in which they were sent: a connection that was recognised late has all of its rows together in the
 * index. Within a connection the index has the order of the bytes, which stays whatever the times say.
 */
function inTime(timeline: Timeline, rows: Int32Array): Int32Array {
  const { columns } = timeline.rows;
  const keys = new Float64Array(rows.length);
  const latest = new Map<number, number>();
  let sorted = true;
  let stream = -1;
  let time = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (columns.stream(row) !== stream) {
      latest.set(stream, time);
      stream = columns.stream(row);
      time = latest.get(stream) ?? Number.NEGATIVE_INFINITY;
    }
    const own = timeOf(timeline, row);
    if (own > time) time = own;
    keys[i] = time;
    if (i > 0 && time < keys[i - 1]) sorted = false;
  }
  if (sorted) return rows;
  const order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
  return Int32Array.from(order, (i) => rows[i]);
}

const NO_ROWS: ReadonlySet<number> = new Set();

function naturalRole(dialect: number): Role {
  return dialect === DIALECT.courier || dialect === DIALECT.packed || dialect === DIALECT.ios4 ? 'device' : 'provider';
}

function nothing(total: number, leftOut: ReadonlyMap<string, number>): string {
  if (total === 0) return 'the selection holds no message: nothing to send.';
  const most = [...leftOut].sort((a, b) => b[1] - a[1])[0];
  return `the selection holds nothing that can be sent: ${most === undefined ? '' : `${most[1]} of ${total} left out (${most[0]})`}.`;
}

/** Why messages of a kind are not sent; undefined when they are. */
function kindRefusal(type: number, dir: Dir, role: Role | undefined): string | undefined {
  const dialect = type >>> 8;
  const command = type & 0xff;
  if (dialect === DIALECT.capture) return 'holes and bytes that are no message';
  if (dialect === DIALECT.tls) return 'TLS records: a replay makes its own (are the keys missing?)';
  if (role === 'server') {
    const notification =
      (dir === 1 && (dialect === DIALECT.courier || dialect === DIALECT.packed) && command === MESSAGE) ||
      (dir === 1 && dialect === DIALECT.ios4 && command === IOS4_MESSAGE) ||
      (dir === 0 && dialect === DIALECT.gateway && command <= 2) ||
      (dir === 0 && dialect === DIALECT.http2 && command === HTTP2_ROWS.push.code);
    if (!notification) return 'no notifications to devices';
  } else if (dialect === DIALECT.feedback) {
    if (role === 'device') return 'feedback is read by providers, not by devices';
    return undefined;
  } else {
    if (dir === 1) return 'said by servers: answers are compared, not sent';
    if (role !== undefined && role !== naturalRole(dialect)) return `${DIALECTS[dialect]} is not spoken by a ${role}`;
    if (dialect === DIALECT.http2 && command >= CONTROL_ROW) return 'HTTP/2 control frames: a connection makes its own';
    if (dialect === DIALECT.http2 && command >= HTTP2_ROWS.response.code) return 'HTTP/2 control frames: a connection makes its own';
    if (command === FLUSH_RESPONSE && dialect !== DIALECT.http2) return 'answers to flushes: given when the server asks';
    if (dialect !== DIALECT.http2 && commandOf(dialect, command, 0) === undefined) return 'commands that are not known';
  }
  return undefined;
}

/** Why a row is not sent although its kind is; undefined when it is. */
function rowRefusal(timeline: Timeline, row: number, role: Role | undefined): string | undefined {
  const { columns } = timeline.rows;
  if (role === 'server' && !wasTaken(timeline, row)) return 'refused or thrown away by the service: no device got them';
  if (role !== 'server' && columns.type(row) >>> 8 === DIALECT.feedback) return undefined;
  // Only rows that the index found fault with, or that lie in pieces, can have holes or lost references; headers are not looked at by it.
  const isHttp = columns.type(row) >>> 8 === DIALECT.http2;
  if (!isHttp && columns.severity(row) === 0 && ((columns.flags(row) & FLAG_PIECES) === 0 || !hasHole(timeline, row))) return undefined;
  const out = readOutgoing(timeline, row);
  return typeof out === 'string' ? out : undefined;
}

function hasHole(timeline: Timeline, row: number): boolean {
  const { columns, pieces } = timeline.rows;
  const length = columns.length(row);
  for (let i = columns.address(row), at = 0; at < length && i < pieces.count; i++) {
    if (pieces.address(i) === HOLE) return true;
    at += pieces.length(i);
  }
  return false;
}

/** A courier needs Connect and Filter before anything else: the first ones of the stream, where they were not chosen. */
function introduce(timeline: Timeline, rows: Int32Array): Set<number> {
  const { columns } = timeline.rows;
  const wanted = new Map<number, { connect: boolean; filter: boolean }>();
  for (const row of rows) {
    const dialect = columns.type(row) >>> 8;
    if (naturalRole(dialect) === 'device') wanted.set(columns.stream(row), { connect: true, filter: true });
  }
  const added = new Set<number>();
  if (wanted.size === 0) return added;
  for (const row of rows) mark(row);
  const chosen = new Set(rows);
  for (let row = 0; row < columns.rows; row++) if (!chosen.has(row) && mark(row)) added.add(row);
  return added;

  function mark(row: number): boolean {
    const want = wanted.get(columns.stream(row));
    if (want === undefined || columns.dir(row) !== 0) return false;
    const ios4 = columns.type(row) >>> 8 === DIALECT.ios4;
    const command = columns.type(row) & 0xff;
    if (want.connect && command === (ios4 ? 0 : CONNECT)) want.connect = false;
    else if (want.filter && command === (ios4 ? 2 : FILTER)) want.filter = false;
    else return false;
    return typeof readOutgoing(timeline, row) !== 'string';
  }
}

function tokenOf(timeline: Timeline, row: number): string {
  const out = readOutgoing(timeline, row);
  return (typeof out === 'string' ? undefined : notificationOf(out).token) ?? '';
}

/** Pushes of providers, where the capture holds what couriers delivered as well: sending both would double them. */
function pushedAndDelivered(timeline: Timeline, rows: Int32Array): ReadonlySet<number> {
  const { columns } = timeline.rows;
  const pushes = new Set<number>();
  for (const row of rows) if (naturalRole(columns.type(row) >>> 8) === 'provider') pushes.add(row);
  return pushes.size === rows.length ? NO_ROWS : pushes;
}

/** Messages that the gateway threw away behind an error and that the recorded client sent again, both chosen: sending both would double them. */
function resentLater(timeline: Timeline, rows: Int32Array): ReadonlySet<number> {
  const { columns } = timeline.rows;
  const out = new Set<number>();
  const errors = gatewayErrors(timeline);
  if (errors.size === 0) return out;
  const discarded: { row: number; token: Uint8Array; payload: Uint8Array }[] = [];
  for (const row of rows) {
    if (columns.type(row) >>> 8 !== DIALECT.gateway) continue;
    const message = readOutgoing(timeline, row);
    if (typeof message === 'string' || message.kind !== 'wire') continue;
    const token = wireValue(message, 'token');
    const payload = wireValue(message, 'payload');
    if (token === undefined || payload === undefined) continue;
    const found = discarded.findIndex(
      (d) => columns.stream(d.row) !== columns.stream(row) && sameBytes(d.token, token) && sameBytes(d.payload, payload),
    );
    if (found >= 0) out.add(discarded.splice(found, 1)[0].row);
    if (errors.get(columns.stream(row))?.discards(row, columns.id(row)) === true && discarded.length < MAX_DISCARDED)
      discarded.push({ row, token, payload });
  }
  return out;
}

/** Discarded messages that are looked for again: more than a gateway's window of unread ones holds. */
const MAX_DISCARDED = 1000;
