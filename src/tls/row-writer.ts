import type { Arrival } from '../core/stream.ts';
import type { Direction } from './direction.ts';
import { EncryptedRun, type OpenRuns } from './encrypted-run.ts';
import { Location } from './location.ts';
import { packFacts, type TlsEvents, type TlsRow } from './row.ts';
import type { TlsSession } from './session.ts';

/** Rows in which the dialogue of an opaque connection is followed turn by turn; a longer one is counted by direction. */
const TURNS = 48;

/** Makes the rows of a connection, in the order of their bytes. */
export class RowWriter {
  private readonly session: TlsSession;
  private readonly events: TlsEvents;
  /** By direction. */
  private readonly runs: readonly [EncryptedRun, EncryptedRun];
  private turns = TURNS;
  private readonly row: TlsRow = { command: 0, severity: 0, where: new Location(), aux: new Uint8Array(0), packet: 0, sec: 0, nsec: 0 };

  constructor(session: TlsSession, at: Arrival, open: OpenRuns, events: TlsEvents) {
    this.session = session;
    this.events = events;
    const emit: TlsEvents['record'] = (dir, row) => events.record(dir, row);
    this.runs = [new EncryptedRun(session, at, open, emit), new EncryptedRun(session, at, open, emit)];
  }

  /** Ends the runs of encrypted records that are being counted. */
  flush(): void {
    const [a, b] = this.runs;
    if (a.records > 0 && b.records > 0 && b.since < a.since) b.flush();
    a.flush();
    b.flush();
  }

  /** Counts a record that stays encrypted, or stray bytes; the place is the direction's. */
  count(d: Direction, command: number, severity: number, reason: number, length: number): void {
    if (this.turns > 0) {
      const other = this.runs[1 - d.dir];
      if (other.records > 0) {
        this.turns--;
        other.flush();
      }
    }
    this.runs[d.dir].add(d, command, severity, reason, length);
  }

  /** One row; `plain[start, end)` is its decrypted message. */
  tell(
    d: Direction,
    command: number,
    severity: number,
    reason: number,
    where: Location,
    bytes: number,
    plain?: Uint8Array,
    start = 0,
    end = plain?.length ?? 0,
  ): void {
    this.flush();
    const { row, session } = this;
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
