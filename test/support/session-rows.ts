import type { Field, Message } from '../../src/core/message.ts';
import { type KindName, kinds } from '../../src/session/kinds.ts';
import type { SessionSource } from '../../src/session/source.ts';

/** A message as rules see it; what is left out is absent. */
export interface SessionRow {
  readonly kind: KindName;
  readonly stream?: number;
  /** Seconds since the epoch; the row number when left out, undefined stays without a time only with `untimed`. */
  readonly sec?: number;
  readonly untimed?: true;
  readonly id?: number;
  readonly status?: number;
  readonly token?: number;
  readonly topic?: number;
  readonly length?: number;
  readonly fields?: readonly Field[];
}

/** A field with a value and nothing else. */
export function plainField(name: string, value: Field['value'], more: Partial<Field> = {}): Field {
  return { name, label: name, value, text: String(value), at: undefined, ...more };
}

/** A message of these fields; only the fields and the dialect are of use. */
export function plainMessage(fields: readonly Field[], dialect: Message['dialect'] = 'courier'): Message {
  return { dialect, command: '', label: '', type: 0, dir: 0, fields, notes: [], info: '' };
}

/** A source of made-up rows. Severities that rules raise are kept in `raised`. */
export class SessionRows implements SessionSource {
  readonly raised: number[] = [];
  readonly columns: SessionSource['columns'];
  private readonly list: readonly SessionRow[];

  constructor(list: readonly SessionRow[]) {
    this.list = list;
    const { raised } = this;
    const kind = (row: number): number => kinds(list[row].kind)[0];
    this.columns = {
      rows: list.length,
      type: (row) => kind(row) >>> 1,
      dir: (row) => (kind(row) & 1) as 0 | 1,
      stream: (row) => list[row].stream ?? 0,
      sec: (row) => list[row].sec ?? 1_795_284_000 + row,
      nsec: () => 0,
      length: (row) => list[row].length ?? 100,
      id: (row) => list[row].id,
      topic: (row) => list[row].topic ?? -1,
      token: (row) => list[row].token ?? 0,
      status: (row) => list[row].status ?? -1,
      raise(row, severity) {
        raised[row] = Math.max(raised[row] ?? 0, severity);
      },
    };
  }

  timed(row: number): boolean {
    return this.list[row].untimed !== true;
  }

  message(row: number): Message {
    return plainMessage(this.list[row].fields ?? []);
  }

  topicNumber(topic: Uint8Array): number {
    return topic[0] ?? 0;
  }

  topicBytes(topic: number): Uint8Array {
    return Uint8Array.of(topic);
  }

  ends(stream: number): { client: string; server: string } {
    return { client: `10.0.0.1:${50_000 + stream}`, server: '17.0.0.1:5223' };
  }
}
