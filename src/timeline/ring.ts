/** The ring limit: of a live input that never ends, the oldest rows go, and with them the memory and the spooled bytes behind them. */
import { HOLE, SOURCE_SPAN } from '../core/stream.ts';
import { FLAG_PIECES } from './columns.ts';
import type { Timeline } from './timeline.ts';

/**
 * Lets the rows before `row` go; the others keep their numbers. Memory is given back in chunks of the index, so up to one chunk of
 * rows more is held than are left. `release` is told, for each source whose bytes rows still need, the first address of them.
 */
export function dropRows(timeline: Timeline, row: number, release: (address: number) => void): void {
  const { columns, pieces } = timeline.rows;
  if (row <= timeline.first) return;
  timeline.first = Math.min(row, columns.rows);
  if (!columns.drop(timeline.first)) return;
  timeline.analysis?.drop(columns.gone);
  // What is stored once for many rows would be given back under those that come.
  timeline.rows.forgetKept();
  const lowest = new Map<number, number>();
  const needs = (address: number): void => {
    if (address === HOLE) return;
    const source = Math.floor(address / SOURCE_SPAN);
    const low = lowest.get(source);
    if (low === undefined || address < low) lowest.set(source, address);
  };
  let firstPiece = -1;
  for (let at = columns.gone; at < columns.rows; at++) {
    if (columns.auxLength(at) > 0) needs(columns.auxAddress(at));
    if ((columns.flags(at) & FLAG_PIECES) === 0) needs(columns.address(at));
    else if (firstPiece < 0) firstPiece = columns.address(at);
  }
  pieces.drop(firstPiece < 0 ? pieces.count : firstPiece);
  if (firstPiece >= 0) for (let at = firstPiece; at < pieces.count; at++) needs(pieces.address(at));
  for (const address of lowest.values()) release(address);
}
