import { EXIT, UserError } from '../core/errors.ts';
import { type Note, SEVERITIES } from '../core/note.ts';
import { CourierJsonl } from '../export/courier-jsonl.ts';
import { Http2Jsonl } from '../export/http2-jsonl.ts';
import { QuickRows } from '../export/quick-rows.ts';
import { jsonRecord, type RecordOptions } from '../export/record.ts';
import { COLUMNS, type Column, column, DEFAULT_COLUMNS, RowView, rowSeverity } from '../view/columns.ts';
import { TIME_FORMATS, type TimeFormat } from '../view/time-format.ts';
import { paintRow, wantsColor } from './colors.ts';
import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { asksAnalysis, openSession } from './session.ts';
import { StreamingTable } from './table.ts';

export interface ListOptions extends ReadOptions {
  format?: string;
  columns?: string;
  time?: string;
  output?: string;
  limit?: number;
  header?: boolean;
  failOn?: string;
  findings?: boolean;
  pairs?: boolean;
  ring?: number;
}

const FORMATS = ['table', 'text', 'json', 'jsonl', 'csv'] as const;

/** Writes rows in one format, as they come. */
interface RowWriter {
  row(row: number): void;
  /** The input pauses: what is known must be visible. */
  pause(): void;
  end(): void;
}

export function parseColumns(text: string | undefined): Column[] {
  const names = text === undefined ? DEFAULT_COLUMNS : text.split(',').map((n) => n.trim());
  return names.map((name) => {
    const found = column(name);
    if (found === undefined) {
      throw new UserError('columns', `there is no column "${name}"; the columns are ${COLUMNS.map((c) => c.name).join(', ')}.`, EXIT.usage);
    }
    return found;
  });
}

export function parseTime(text: string | undefined): TimeFormat {
  const aliases: Record<string, TimeFormat> = {
    r: 'relative',
    a: 'absolute',
    ad: 'absolute',
    u: 'utc',
    d: 'delta',
    dd: 'delta',
    e: 'epoch',
  };
  const format = text === undefined ? 'relative' : (aliases[text] ?? text);
  if (!(TIME_FORMATS as readonly string[]).includes(format)) {
    throw new UserError('time', `--time takes ${TIME_FORMATS.join(', ')}, not "${text}".`, EXIT.usage);
  }
  return format as TimeFormat;
}

/** `apns-inspect list FILE...`: the timeline. Returns the exit code. */
export async function runList(files: string[], options: ListOptions): Promise<number> {
  const format = options.format ?? 'table';
  if (!(FORMATS as readonly string[]).includes(format)) {
    throw new UserError('format', `--format takes ${FORMATS.join(', ')} (export also pcapng), not "${format}".`, EXIT.usage);
  }
  const toTerminal = options.output === undefined && process.stdout.isTTY === true;
  const narrow = format === 'table' && toTerminal && (process.stdout.columns || 80) < NARROW_LINE;
  const columns = parseColumns(options.columns ?? (narrow ? NARROW_COLUMNS : undefined));
  const time = parseTime(options.time);
  const failAt = options.failOn === undefined ? 4 : SEVERITIES.indexOf(options.failOn as never);
  if (failAt < 0) throw new UserError('fail-on', `--fail-on takes note, warn or error, not "${options.failOn}".`, EXIT.usage);
  // A live input is listed as it comes, with what is known by then.
  const whole =
    (options.follow !== true &&
      (options.findings === true || options.pairs === true || failAt < 4 || columns.some((c) => ANALYSED.includes(c.name)))) ||
    asksAnalysis(options.filter);
  const ring = options.ring ?? 0;
  if (whole && ring > 0) throw new UserError('ring', WHOLE_AND_RING, EXIT.usage);
  const session = await openSession(files, options);
  const out = new Output(options.output);
  session.timeline.kept = LISTED_ROWS;
  const view = new RowView(session.timeline, time);
  view.findings = options.findings === true;
  const writer = makeWriter(format, columns, view, out, options);
  let shown = 0;
  let worst = -1;
  try {
    await session.rows(
      (row) => {
        if (options.limit !== undefined && shown >= options.limit) return false;
        if (view.findings && !hasFindings(view, row)) return true;
        shown++;
        writer.row(row);
        if (failAt < 4) worst = Math.max(worst, rowSeverity(view, row), foundSeverity(view, row));
        view.previous = row;
        return options.limit === undefined || shown < options.limit;
      },
      () => writer.pause(),
      { whole, ring },
    );
    writer.end();
    out.close();
    session.report();
  } finally {
    session.close();
  }
  if (session.interrupted) return session.exit;
  return worst >= failAt ? EXIT.matched : session.exit;
}

/** Decoded messages that a listing looks at again: the cells of one row, and a few that pairs point to. */
const LISTED_ROWS = 4;

/** What JSON need not escape and a terminal may obey: C1 control characters, line separators, and what turns the direction of text. */
const HARMFUL = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A terminal of fewer columns shows the most telling ones, unless --columns says which. */
const NARROW_LINE = 120;
const NARROW_COLUMNS = 'number,time,dir,peers,message,topic,info';

const WHOLE_AND_RING =
  '--ring lets older messages go, and what was asked for needs all of them: --findings, --pairs, --fail-on, the columns pair and rtt, or a filter on apns.pair, apns.rtt, apns.note or apns.severity.';

/** Columns that need the whole capture. */
const ANALYSED: readonly string[] = ['pair', 'rtt'];

/** Whether anything was found on a row: by rules over several messages, or in the message itself. */
function hasFindings(view: RowView, row: number): boolean {
  const matters = (n: Note): boolean => n.severity !== 'info';
  return view.timeline.analysis?.findings(row).some(matters) === true || view.message(row).notes.some(matters);
}

/** The worst that rules over several messages found on a row; -1 when they found nothing. */
function foundSeverity(view: RowView, row: number): number {
  let worst = -1;
  for (const n of view.timeline.analysis?.findings(row) ?? []) worst = Math.max(worst, SEVERITIES.indexOf(n.severity));
  return worst;
}

function makeWriter(format: string, columns: readonly Column[], view: RowView, out: Output, options: ListOptions): RowWriter {
  const analysis = options.findings === true || options.pairs === true;
  const record: RecordOptions = { showSecrets: options.showSecrets === true, analysis };
  const cell = (c: Column, row: number): string => c.cell(view, row);
  const toTerminal = options.output === undefined && process.stdout.isTTY === true;
  const json = (row: number): string => {
    const line = jsonRecord(view.timeline, row, record);
    return toTerminal ? line.replace(HARMFUL, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : line;
  };
  const quick = view.timeline.redactor === undefined && !analysis ? new QuickRows(view, columns, out.waiting) : undefined;
  switch (format) {
    case 'jsonl': {
      const direct = view.timeline.redactor === undefined && !analysis && !toTerminal;
      const courier = direct ? new CourierJsonl(view.timeline, out.waiting) : undefined;
      const http2 = direct ? new Http2Jsonl(view.timeline, out.waiting, record) : undefined;
      return {
        row(row) {
          if (courier?.write(row) === true || http2?.write(row) === true) out.settle();
          else out.line(json(row));
        },
        pause: () => out.flush(),
        end: () => undefined,
      };
    }
    case 'json': {
      let first = true;
      return {
        row(row) {
          out.write(`${first ? '[\n' : ',\n'}${json(row)}`);
          first = false;
        },
        pause: () => out.flush(),
        end: () => out.write(first ? '[]\n' : '\n]\n'),
      };
    }
    case 'csv': {
      const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      if (options.header !== false) out.line(columns.map((c) => quote(c.name)).join(','));
      return {
        row(row) {
          if (quick?.csv(row) === true) out.settle();
          else out.line(columns.map((c) => quote(cell(c, row))).join(','));
        },
        pause: () => out.flush(),
        end: () => undefined,
      };
    }
    case 'text':
      return {
        row(row) {
          if (quick?.text(row) === true) out.settle();
          else
            out.line(
              columns
                .map((c) => cell(c, row))
                .filter((t) => t !== '')
                .join(' '),
            );
        },
        pause: () => out.flush(),
        end: () => undefined,
      };
    default: {
      const color = wantsColor(options.color, toTerminal);
      const table = new StreamingTable(
        columns,
        out,
        toTerminal ? process.stdout.columns || 80 : 0,
        options.header !== false,
        color ? paintRow : (line) => line,
      );
      const index = view.timeline.rows.columns;
      return {
        row(row) {
          const widths = table.settledWidths;
          // A row that is painted needs its severity, which its message tells.
          const plain = color && index.severity(row) > 0 ? undefined : quick;
          if (plain !== undefined && widths !== undefined && plain.table(row, widths)) out.settle();
          else
            table.row(
              (widths === undefined ? plain?.texts(row) : undefined) ?? columns.map((c) => cell(c, row)),
              color ? rowSeverity(view, row) : 0,
            );
        },
        pause() {
          table.settle(false);
          out.flush();
        },
        end: () => table.settle(),
      };
    }
  }
}
