/** Two messages side by side: their fields in one order, with what differs told. */
import type { TreeLine } from './tree.ts';

export interface ComparedLine {
  readonly left: TreeLine | undefined;
  readonly right: TreeLine | undefined;
  readonly differs: boolean;
}

/** Lines that are aligned by content; behind them line meets line, so that hostile messages cost nothing. */
const ALIGN_LIMIT = 600;

const key = (line: TreeLine): string => `${line.depth}:${line.label}`;

/** Aligns the lines of two trees by depth and label: the longest common order, as diff does. */
export function compareTrees(left: readonly TreeLine[], right: readonly TreeLine[]): ComparedLine[] {
  const a = left.slice(0, ALIGN_LIMIT);
  const b = right.slice(0, ALIGN_LIMIT);
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        key(a[i]) === key(b[j]) ? common[(i + 1) * width + j + 1] + 1 : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  const out: ComparedLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && key(a[i]) === key(b[j])) {
      out.push({ left: a[i], right: b[j], differs: a[i].text !== b[j].text });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      out.push({ left: a[i++], right: undefined, differs: true });
    } else out.push({ left: undefined, right: b[j++], differs: true });
  }
  return out;
}
