import type { Dir } from '../core/stream.ts';
import type { Direction } from './direction.ts';
import { Location } from './location.ts';
import { packFacts, type TlsRow } from './row.ts';
import type { TlsSession } from './session.ts';

/** Records in one row of a run: few enough to see time pass, enough that a long opaque stream stays small. */
const RUN_RECORDS = 64;
/** Pieces in one row; a record of tiny segments has thousands. */
const RUN_PIECES = 512;

/** Collects records of one direction that stay encrypted for the same reason, or bytes that are no records, into one row. */
export class EncryptedRun {
  private readonly session: TlsSession;
  private readonly emit: (dir: Dir, row: TlsRow) => void;
  private readonly where = new Location();
  private readonly row: TlsRow;
  private dir: Dir = 0;
  private reason = 0;
  private records = 0;

  constructor(session: TlsSession, emit: (dir: Dir, row: TlsRow) => void) {
    this.session = session;
    this.emit = emit;
    this.row = { command: 0, severity: 0, where: this.where, aux: new Uint8Array(0), packet: 0, sec: 0, nsec: 0 };
  }

  add(d: Direction, command: number, severity: number, reason: number, length: number): void {
    const { row } = this;
    if (
      this.records > 0 &&
      (d.dir !== this.dir ||
        row.command !== command ||
        reason !== this.reason ||
        this.records >= RUN_RECORDS ||
        this.where.pieces >= RUN_PIECES)
    )
      this.flush();
    if (this.records === 0) {
      this.dir = d.dir;
      this.reason = reason;
      row.command = command;
      row.severity = severity;
      row.packet = d.startPacket;
      row.sec = d.startSec;
      row.nsec = d.startNsec;
      this.where.clear();
    }
    this.records++;
    if (d.where.length === length) this.where.addAll(d.where);
    else this.where.addPart(d.where, 0, length);
  }

  flush(): void {
    if (this.records === 0) return;
    const { row, session } = this;
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
    this.emit(this.dir, row);
  }
}
