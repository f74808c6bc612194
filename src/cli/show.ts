import { EXIT, UserError } from '../core/errors.ts';
import { DIRECTION_NAMES } from '../core/stream.ts';
import { duration } from '../core/time.ts';
import { jsonRecord } from '../export/record.ts';
import { RowView } from '../view/columns.ts';
import { credentialRanges, hexDump } from '../view/hex.ts';
import { rowTime } from '../view/time-format.ts';
import { treeLines } from '../view/tree.ts';
import { bold, cyan, red, wantsColor, yellow } from './colors.ts';
import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { openSession, type Session } from './session.ts';

export interface ShowOptions extends ReadOptions {
  format?: string;
  output?: string;
}

/** "3", "3-5", "7-" → rows from 0. */
function parseNumbers(texts: readonly string[], rows: number): number[] {
  const out: number[] = [];
  for (const text of texts.flatMap((t) => t.split(','))) {
    const match = /^(\d+)(-(\d*))?$/.exec(text);
    if (match === null) throw new UserError('number', `"${text}" is no message number; write 3, 3-5 or 3-.`, EXIT.usage);
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : match[3] === '' ? rows : Number(match[3]);
    if (match[3] && to < from) throw new UserError('number', `"${text}" ends before it begins; write ${to}-${from}.`, EXIT.usage);
    if (from < 1 || from > rows) {
      throw new UserError(
        'number',
        `there is no message ${from}; the capture holds ${rows === 0 ? 'none' : rows === 1 ? 'only message 1' : `1 to ${rows}`}.`,
      );
    }
    for (let n = from; n <= Math.min(to, rows); n++) out.push(n - 1);
  }
  return out;
}

/** `apns-inspect show FILE N...`: every field, its byte range, its packets and file offsets, notes, and the hex. */
export async function runShow(file: string, numbers: string[], options: ShowOptions): Promise<number> {
  if (options.format !== undefined && options.format !== 'text' && options.format !== 'json') {
    throw new UserError('format', `--format takes text or json, not "${options.format}".`, EXIT.usage);
  }
  const session = await openSession([file], options);
  try {
    await session.load();
    const rows = parseNumbers(numbers, session.timeline.length);
    const out = new Output(options.output);
    if (options.format === 'json') {
      for (const row of rows) out.line(jsonRecord(session.timeline, row, { showSecrets: options.showSecrets === true, analysis: true }));
    } else {
      const color = wantsColor(options.color, options.output === undefined && process.stdout.isTTY === true);
      rows.forEach((row, i) => {
        if (i > 0) out.line('');
        showRow(session, row, out, color, options.showSecrets === true);
      });
    }
    out.close();
    session.report();
    return session.exit;
  } finally {
    session.close();
  }
}

function showRow(session: Session, row: number, out: Output, color: boolean, showSecrets: boolean): void {
  const { timeline } = session;
  const plain = (text: string): string => text;
  const strong = color ? bold : plain;
  const name = color ? cyan : plain;
  const columns = timeline.rows.columns;
  const message = timeline.message(row);
  const view = new RowView(timeline, 'utc');
  const stream = timeline.streams[columns.stream(row)];
  const { client, server } = timeline.peers(columns.stream(row));
  const address = (text: string): string => text || '?';
  const dir = columns.dir(row);
  out.line(strong(`Message ${row + 1}: ${message.label} (${message.dialect}, ${DIRECTION_NAMES[dir]})`));
  const time = rowTime(timeline, row, view.time, 0, -1);
  out.line(`  Time        ${time === '' ? 'not recorded in this input' : time}`);
  out.line(
    `  Connection  stream ${columns.stream(row)}, ${address(dir === 0 ? client : server)} → ${address(dir === 0 ? server : client)}`,
  );
  if (stream.endpoints.process !== undefined) out.line(`  Process     ${stream.endpoints.process}`);
  out.line(`  Size        ${columns.length(row)} bytes`);
  for (const line of session.provenance(row)) out.line(`  Bytes       ${line}`);
  const { analysis } = timeline;
  const partner = analysis?.pair(row) ?? -1;
  if (partner >= 0) {
    const rtt = analysis?.rttNanos(row);
    const span = rtt === undefined ? '' : `, ${duration(Number(rtt) / 1e9)} apart`;
    out.line(`  Pair        message ${partner + 1}: ${timeline.message(partner).label}${span}`);
  }
  for (const line of treeLines(message, analysis?.findings(row))) {
    const range = line.at === undefined ? '' : `[${line.at.start}..${line.at.end}]`;
    const field = line.field;
    let text = line.text;
    if (field?.privacy === 'credential' && !showSecrets) text = '‹redacted› (--show-secrets shows it)';
    const indent = '  '.repeat(line.depth + 1);
    const tint = line.severity === 'error' ? (color ? red : plain) : line.severity === 'warn' ? (color ? yellow : plain) : name;
    out.line(`${indent}${tint(line.label)}: ${text}${range === '' ? '' : `  ${range}`}`);
  }
  if (timeline.redactor !== undefined) {
    out.line('  (bytes are left out because of --redact)');
    return;
  }
  const { bytes, holes } = timeline.bytes(row);
  if (bytes.length === 0) return;
  out.line('');
  for (const line of hexDump(bytes, 16, showSecrets ? [] : credentialRanges(message.fields))) out.line(`  ${line}`);
  for (const hole of holes) out.line(`  bytes ${hole.start} to ${hole.end} are not in the capture`);
}
