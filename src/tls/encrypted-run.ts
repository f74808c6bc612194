import { PieceList } from '../core/piece-list.ts';
import { type Arrival, arrive, type Dir, DOUBLE_ZERO } from '../core/stream.ts';
import type { Direction } from './direction.ts';
import { packFacts, type TlsEvents, type TlsRow } from './row.ts';
import type { TlsSession } from './session.ts';

/** Records in one row of a run: few enough to see time pass, enough that a long opaque stream stays small. */
const RUN_RECORDS = 64;
/** Pieces in one row; a record of tiny segments has thousands. */
const RUN_PIECES = 512;
/** Seconds from the first record of a run on after which a new row begins. */
const RUN_SECONDS = 1;

const NONE = new Uint8Array(0);

/** Runs of all connections that are being counted, the oldest first. A run whose connection falls silent is ended by the records of others. */
export class OpenRuns {
  private readonly runs = new Set<EncryptedRun>();

  add(run: EncryptedRun): void {
    this.runs.add(run);
  }

  /** Ends the runs that are too old at this second. */
  settle(sec: number): void {
    for (const oldest of this.runs) {
      if (sec - oldest.since <= RUN_SECONDS) return;
      oldest.flush();
    }
  }

  remove(run: EncryptedRun): void {
    this.runs.delete(run);
  }
}

/** Collects records of one direction that stay encrypted for the same reason, or bytes that are no records, into one row. */
export class EncryptedRun {
  /** Second of the first record. */
  since = 0;
  records = 0;
  private readonly session: TlsSession;
  private readonly at: Arrival;
  private readonly open: OpenRuns;
  private readonly events: TlsEvents;
  private readonly where = new PieceList();
  private readonly row: TlsRow;
  private dir: Dir = 0;
  private reason = 0;
  private nsec = 0;
  /** When its last record became complete, and in which packet. */
  private lastPacket = 0;
  private lastSec = DOUBLE_ZERO;
  private lastNsec = 0;

  constructor(session: TlsSession, at: Arrival, open: OpenRuns, events: TlsEvents) {
    this.session = session;
    this.at = at;
    this.open = open;
    this.events = events;
    this.row = { command: 0, severity: 0, where: this.where, aux: NONE, packet: 0, sec: DOUBLE_ZERO, nsec: 0 };
  }

  add(d: Direction, command: number, severity: number, reason: number, length: number): void {
    const { row, at } = this;
    if (
      this.records > 0 &&
      (row.command !== command ||
        reason !== this.reason ||
        d.dir !== this.dir ||
        this.records >= RUN_RECORDS ||
        this.where.pieces >= RUN_PIECES ||
        at.sec - this.since > RUN_SECONDS ||
        (at.sec - this.since === RUN_SECONDS && at.nsec >= this.nsec))
    ) {
      this.open.settle(at.sec);
      this.flush();
    }
    if (this.records === 0) {
      this.open.settle(at.sec);
      this.dir = d.dir;
      this.reason = reason;
      this.since = at.sec;
      this.nsec = at.nsec;
      row.command = command;
      row.severity = severity;
      row.packet = d.startPacket;
      row.sec = d.startSec;
      row.nsec = d.startNsec;
      this.where.clear();
      this.open.add(this);
    }
    this.records++;
    this.lastPacket = at.packet;
    this.lastSec = at.sec;
    this.lastNsec = at.nsec;
    if (d.where.length === length) this.where.addAll(d.where);
    else this.where.addPart(d.where, 0, length);
  }

  /** Tells the row, as of the moment when its last record was complete. */
  flush(): void {
    if (this.records === 0) return;
    const { row, session, at } = this;
    const bytes = this.where.length;
    row.aux = packFacts({
      command: row.command,
      reason: this.reason,
      version: session.version,
      suite: session.suite,
      plain: false,
      early: false,
      records: this.records,
      bytes,
    });
    this.records = 0;
    this.open.remove(this);
    const { packet, sec, nsec } = at;
    arrive(at, this.lastPacket, this.lastSec, this.lastNsec);
    this.events.record(this.dir, row);
    arrive(at, packet, sec, nsec);
  }
}
