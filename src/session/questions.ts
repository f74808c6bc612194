import { Oldest } from '../core/oldest.ts';
import type { ExchangeDef } from './exchanges.ts';

/** Open questions of one exchange on one connection. Peers keep a few open; a broken or hostile one must not grow this without end. */
export const OPEN_LIMIT = 65_536;

/** The questions of one exchange on one connection that wait for an answer, oldest first. Rows count from 0. */
export class OpenQuestions {
  private readonly rows = new Map<number, number>();
  private readonly oldest = new Oldest(this.rows);
  private readonly byId: boolean;
  private readonly inOrder: boolean;
  private next = 0;
  /** The oldest question was dropped at least once. */
  dropped = false;
  /** Row of the newest question that was answered, -1. */
  answered = -1;

  constructor(by: ExchangeDef['by']) {
    this.byId = by !== 'order';
    this.inOrder = by !== 'id';
  }

  get size(): number {
    return this.rows.size;
  }

  /** Remembers a question. Returns the row of an open one with the same id, or -1. */
  ask(row: number, id: number | undefined): number {
    // Questions without an id stand under negative numbers: ids are unsigned.
    const key = this.byId && id !== undefined ? id : --this.next;
    const before = this.rows.get(key);
    if (before !== undefined) this.rows.delete(key);
    else if (this.rows.size >= OPEN_LIMIT) {
      this.dropped = true;
      this.dropOldest();
    }
    this.rows.set(key, row);
    return before ?? -1;
  }

  /** Takes the question that this answer is for: its row, or -1 when none is open. */
  answer(id: number | undefined): number {
    let row: number | undefined;
    if (this.byId && id !== undefined) {
      row = this.rows.get(id);
      if (row !== undefined) this.rows.delete(id);
    }
    if (row === undefined && (this.inOrder || id === undefined) && this.rows.size > 0) {
      row = this.first();
      this.dropOldest();
    }
    if (row === undefined) return -1;
    if (row > this.answered) this.answered = row;
    return row;
  }

  /** Row of the oldest open question, -1 when there is none. */
  first(): number {
    return this.oldest.find()?.[1] ?? -1;
  }

  /** Takes back the question of this row; it is always the newest. */
  withdraw(row: number, id: number | undefined): void {
    const key = this.byId && id !== undefined ? id : this.next;
    if (this.rows.get(key) === row) this.rows.delete(key);
  }

  /** A hole in the capture may hold the answers: nothing is known of what was open. */
  forget(): void {
    this.rows.clear();
  }

  open(): IterableIterator<number> {
    return this.rows.values();
  }

  private dropOldest(): void {
    const oldest = this.oldest.find();
    if (oldest !== undefined) this.rows.delete(oldest[0]);
  }
}
