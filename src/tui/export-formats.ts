/** What can be exported, as a menu. */
import type { MenuState } from './menu.ts';

export interface ExportFormat {
  readonly name: string;
  readonly extension: string;
  readonly doc: string;
}

export const EXPORT_FORMATS: readonly ExportFormat[] = [
  { name: 'jsonl', extension: 'jsonl', doc: 'one JSON object a message' },
  { name: 'json', extension: 'json', doc: 'a JSON array' },
  { name: 'csv', extension: 'csv', doc: 'the columns that are shown' },
  { name: 'text', extension: 'txt', doc: 'the list as it is shown' },
  { name: 'details', extension: 'details.txt', doc: 'every field and the bytes of each message' },
  { name: 'pcapng', extension: 'pcapng', doc: 'the packets of their connections, with the TLS secrets' },
  { name: 'marks', extension: 'marks', doc: 'their numbers, for apns-inspect replay --marks' },
];

const LADDER: ExportFormat = { name: 'ladder', extension: 'txt', doc: 'the flow as text' };
const STATS: readonly ExportFormat[] = [
  { name: 'stats-csv', extension: 'csv', doc: 'the tables as CSV' },
  { name: 'stats-json', extension: 'json', doc: 'the tables as JSON' },
];

export function formatMenu(of: 'list' | 'ladder' | 'stats'): MenuState {
  const formats = of === 'stats' ? STATS : of === 'ladder' ? [LADDER, ...EXPORT_FORMATS] : EXPORT_FORMATS;
  return {
    kind: 'format',
    title: of === 'list' ? 'Export what is shown (marked messages when some are marked)' : 'Export',
    items: formats.map((f) => ({ value: f.name, label: f.name, doc: f.doc })),
    cursor: 0,
    chosen: '',
  };
}

export function extensionOf(format: string): string {
  return [...EXPORT_FORMATS, LADDER, ...STATS].find((f) => f.name === format)?.extension ?? 'txt';
}
