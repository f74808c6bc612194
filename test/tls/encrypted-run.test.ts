import { describe, expect, it } from 'vitest';
import type { Arrival, Dir } from '../../src/core/stream.ts';
import { TlsConnection } from '../../src/tls/connection.ts';
import { TlsKeys } from '../../src/tls/keys.ts';
import { type TlsEvents, unpackFacts } from '../../src/tls/row.ts';

interface Seen {
  readonly stream: number;
  readonly dir: Dir;
  readonly records: number;
  readonly sec: number;
  readonly packet: number;
}

const keys = (): TlsKeys => new TlsKeys();
const RECORD = Uint8Array.from([23, 3, 3, 0, 20, ...new Array<number>(20).fill(9)]);

/** Connections that were captured too late to be decrypted, told record by record. */
class Opaque {
  readonly seen: Seen[] = [];
  private readonly at: Arrival = { packet: 0, sec: 0, nsec: 0 };
  private readonly keys = keys();
  private readonly connections = [this.open(0), this.open(1)];
  private address = 1000;

  record(stream: number, dir: Dir, sec: number): void {
    this.at.packet++;
    this.at.sec = sec;
    this.connections[stream].data(dir, RECORD, 0, RECORD.length, this.address);
    this.address += RECORD.length;
  }

  end(stream: number): void {
    this.connections[stream].end(0, 'capture-end');
    this.connections[stream].end(1, 'capture-end');
  }

  private open(stream: number): TlsConnection {
    const events: TlsEvents = {
      swap: () => undefined,
      record: (dir, row) =>
        this.seen.push({ stream, dir, records: unpackFacts(row.aux).records, sec: this.at.sec, packet: this.at.packet }),
      plaintext: () => undefined,
      plaintextGap: () => undefined,
      end: () => undefined,
      established: () => undefined,
    };
    return new TlsConnection(this.keys, this.at, events, { stream });
  }
}

describe('Records that stay encrypted', () => {
  it('are listed with the moment of the last of them, not of what came next', () => {
    const play = new Opaque();
    play.record(0, 0, 100);
    play.record(0, 1, 1000);
    play.record(0, 1, 1000);
    play.record(0, 0, 5000);
    play.end(0);
    expect(play.seen.map((row) => [row.dir, row.records, row.sec, row.packet])).toEqual([
      [0, 1, 100, 1],
      [1, 2, 1000, 3],
      [0, 1, 5000, 4],
    ]);
  });

  it('do not share a row across a pause', () => {
    const play = new Opaque();
    for (const sec of [10, 10, 900, 900, 1800]) play.record(0, 0, sec);
    play.end(0);
    expect(play.seen.map((row) => [row.records, row.sec])).toEqual([
      [2, 10],
      [2, 900],
      [1, 1800],
    ]);
  });

  it('of a connection that fell silent are told while others go on', () => {
    const play = new Opaque();
    play.record(0, 0, 10);
    for (let sec = 11; sec < 20; sec++) play.record(1, 0, sec);
    expect(play.seen[0]).toMatchObject({ stream: 0, records: 1, sec: 10 });
    expect(play.seen.map((row) => row.sec)).toEqual([...play.seen.map((row) => row.sec)].sort((a, b) => a - b));
  });

  it('follow the turns of a short dialogue and count a long one by direction', () => {
    const play = new Opaque();
    for (let i = 0; i < 1000; i++) play.record(0, (i % 2) as Dir, 10);
    play.end(0);
    expect(play.seen.slice(0, 4).map((row) => [row.dir, row.records])).toEqual([
      [0, 1],
      [1, 1],
      [0, 1],
      [1, 1],
    ]);
    expect(play.seen.length).toBeLessThan(80);
    expect(play.seen.reduce((sum, row) => sum + row.records, 0)).toBe(1000);
  });
});
