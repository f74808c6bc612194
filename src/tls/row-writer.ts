import { PieceList } from '../core/piece-list.ts';
import { type Arrival, type Dir, DOUBLE_ZERO } from '../core/stream.ts';
import type { Direction } from './direction.ts';
import { EncryptedRun, type OpenRuns } from './encrypted-run.ts';
import { packFacts, type TlsEvents, type TlsRow } from './row.ts';
import type { TlsSession } from './session.ts';

/** Rows in which the dialogue of an opaque connection is followed turn by turn; a longer one is counted by direction. */
const TURNS = 48;

/** The row that is being told. One for all connections: it is read during the call. */
const row: TlsRow = { command: 0, severity: 0, where: new PieceList(), aux: new Uint8Array(0), packet: 0, sec: DOUBLE_ZERO, nsec: 0 };

/** Makes the rows of a connection, in the order of their bytes. */
export class RowWriter {
  private readonly session: TlsSession;
  private readonly at: Arrival;
  private readonly open: OpenRuns;
  private readonly events: TlsEvents;
  /** By direction, once it has encrypted records. */
  private run0: EncryptedRun | undefined = undefined;
  private run1: EncryptedRun | undefined = undefined;
  private turns = TURNS;

  constructor(session: TlsSession, at: Arrival, open: OpenRuns, events: TlsEvents) {
    this.session = session;
    this.at = at;
    this.open = open;
    this.events = events;
  }

  /** Ends the runs of encrypted records that are being counted. */
  flush(): void {
    const { run0: a, run1: b } = this;
    if (a !== undefined && b !== undefined && a.records > 0 && b.records > 0 && b.since < a.since) b.flush();
    a?.flush();
    b?.flush();
  }

  private openRun(dir: Dir): EncryptedRun {
    const run = new EncryptedRun(this.session, this.at, this.open, this.events);
    if (dir === 0) this.run0 = run;
    else this.run1 = run;
    return run;
  }

  /** Counts a record that stays encrypted, or stray bytes; the place is the direction's. */
  count(d: Direction, command: number, severity: number, reason: number, length: number): void {
    if (this.turns > 0) {
      const other = d.dir === 0 ? this.run1 : this.run0;
      if (other !== undefined && other.records > 0) {
        this.turns--;
        other.flush();
      }
    }
    const run = (d.dir === 0 ? this.run0 : this.run1) ?? this.openRun(d.dir);
    run.add(d, command, severity, reason, length);
  }

  /** One row; `plain[start, end)` is its decrypted message. */
  tell(
    d: Direction,
    command: number,
    severity: number,
    reason: number,
    where: PieceList,
    bytes: number,
    plain?: Uint8Array,
    start = 0,
    end = plain?.length ?? 0,
  ): void {
    this.flush();
    const { session } = this;
    row.command = command;
    row.severity = severity;
    row.where = where;
    row.packet = d.startPacket;
    row.sec = d.startSec;
    row.nsec = d.startNsec;
    row.aux = packFacts(
      {
        command,
        reason,
        version: session.version,
        suite: session.suite,
        plain: plain !== undefined,
        early: d.state.current?.name === 'early',
        records: 1,
        bytes,
      },
      plain,
      start,
      end,
    );
    this.events.record(d.dir, row);
  }
}
