import type { Direction } from './direction.ts';
import { EncryptedRun } from './encrypted-run.ts';
import { Location } from './location.ts';
import { packFacts, type TlsEvents, type TlsRow } from './row.ts';
import type { TlsSession } from './session.ts';

/** Makes the rows of a connection, in the order of their bytes. */
export class RowWriter {
  private readonly session: TlsSession;
  private readonly events: TlsEvents;
  private readonly run: EncryptedRun;
  private readonly row: TlsRow = { command: 0, severity: 0, where: new Location(), aux: new Uint8Array(0), packet: 0, sec: 0, nsec: 0 };

  constructor(session: TlsSession, events: TlsEvents) {
    this.session = session;
    this.events = events;
    this.run = new EncryptedRun(session, (dir, row) => events.record(dir, row));
  }

  /** Ends the run of encrypted records that is being counted. */
  flush(): void {
    this.run.flush();
  }

  /** Counts a record that stays encrypted, or stray bytes; the place is the direction's. */
  count(d: Direction, command: number, severity: number, reason: number, length: number): void {
    this.run.add(d, command, severity, reason, length);
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
    this.run.flush();
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
