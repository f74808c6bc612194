import { DIALECTS } from '../core/message.ts';
import { printable, shorten } from '../core/text.ts';
import { duration } from '../core/time.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { adviceOn } from './advice.ts';
import { type Ledger, MAX_FINDINGS, OUTCOMES } from './ledger.ts';
import type { Plan } from './plan.ts';
import type { Proof } from './proof.ts';

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface Report {
  readonly target: string;
  readonly interrupted: boolean;
  readonly seconds: number;
  readonly ledger: Ledger;
  readonly timeline: Timeline;
  readonly plan: Plan;
  readonly proof: Proof | undefined;
  readonly learned: readonly (readonly [string, string])[];
}

/** Milliseconds by rank; NaN values are left out. */
export function percentiles(values: Iterable<number>): Percentiles | undefined {
  const sorted = Float64Array.from([...values].filter((v) => !Number.isNaN(v))).sort();
  if (sorted.length === 0) return undefined;
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted[sorted.length - 1] };
}

export function responseTimes({ ledger, plan }: Report): { recorded: Percentiles | undefined; now: Percentiles | undefined } {
  const recorded = function* (): Generator<number> {
    for (let i = 0; i < plan.rows.length; i++) if (!Number.isNaN(ledger.liveMs[i])) yield ledger.recordedMs(i);
  };
  return { recorded: percentiles(recorded()), now: percentiles(ledger.liveMs) };
}

/** One line on a planned message: number, connection, what it is. Credentials are not in the line of a list. */
export function unitLine(timeline: Timeline, row: number): string {
  const message = timeline.plainMessage(row);
  return `#${row + 1}  stream ${timeline.rows.columns.stream(row)}  ${message.label}  ${shorten(printable(message.info), 100)}`;
}

/** What would be sent, connection by connection. */
export function planText(timeline: Timeline, plan: Plan, due: Float64Array, target: string, lines: number): string {
  const out = [`plan: ${plan.rows.length} messages on ${plan.connections.length} connections to ${target}`];
  let shown = 0;
  for (const { stream, dialect, role, units } of plan.connections) {
    out.push(`stream ${stream}: ${DIALECTS[dialect]}, as ${role}, ${units.length} messages`);
    for (const index of units) {
      if (shown++ === lines) out.push(`  … ${plan.rows.length - lines} more (--format json has all)`);
      if (shown > lines) break;
      const message = timeline.plainMessage(plan.rows[index]);
      const first = plan.prelude[index] === 1 ? ' (not chosen, needed first)' : '';
      out.push(
        `  +${(due[index] / 1000).toFixed(3)} s  #${plan.rows[index] + 1}  ${message.label}${first}  ${shorten(printable(message.info), 90)}`,
      );
    }
  }
  for (const [why, n] of plan.leftOut) out.push(`left out: ${n}, ${why}`);
  return `${out.join('\n')}\n`;
}

export function planJson(timeline: Timeline, plan: Plan, due: Float64Array, target: string): string {
  const value = {
    target,
    messages: plan.rows.length,
    connections: plan.connections.map(({ stream, dialect, role, units }) => ({
      stream,
      dialect: DIALECTS[dialect],
      role,
      messages: Array.from(units, (index) => ({
        number: plan.rows[index] + 1,
        due_ms: Math.round(due[index] * 1000) / 1000,
        message: timeline.plainMessage(plan.rows[index]).command,
        ...(plan.prelude[index] === 1 ? { needed_first: true } : {}),
      })),
    })),
    left_out: Object.fromEntries(plan.leftOut),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

const SHOWN = 20;

export function reportText(report: Report): string {
  const { ledger, timeline, proof, target } = report;
  const { counts } = ledger;
  const out = [
    `replayed to ${target} in ${duration(report.seconds)}${report.interrupted ? ', interrupted' : ''}`,
    `planned     ${ledger.planned}`,
    `sent        ${ledger.sent}${ledger.resent === 0 ? '' : `, and ${ledger.resent} once more on a new connection`}`,
    `answered    ${ledger.answered}`,
    ...OUTCOMES.filter(
      (name) =>
        name !== 'sent' && (counts[name] > 0 || name === 'equal' || name === 'different' || name === 'missing' || name === 'unexpected'),
    ).map((name) => `${name.padEnd(11)} ${counts[name]}`),
  ];
  const times = responseTimes(report);
  for (const [name, p] of Object.entries(times)) {
    if (p !== undefined)
      out.push(`response times ${name.padEnd(8)} median ${ms(p.p50)}, 90 % ${ms(p.p90)}, 99 % ${ms(p.p99)}, max ${ms(p.max)} (${p.count})`);
  }
  if (proof !== undefined) {
    const whole = proof.received === proof.sent && (proof.same === undefined || proof.same === proof.sent);
    out.push(
      `emulator's record: ${proof.received} of ${proof.sent} sent${proof.same === undefined ? '' : `, ${proof.same} with the payload that was sent`}${whole ? '' : ' (not the same)'}`,
    );
  }
  for (const [text, n] of ledger.remarks) out.push(`${text}${n > 1 ? ` (${n} times)` : ''}`);
  for (const text of adviceOn(ledger.findings)) out.push(`hint: ${text}`);
  let why: string | undefined;
  for (const finding of ledger.findings.slice(0, SHOWN)) {
    // What a lost connection took with it is said once for all of its messages.
    const again = why !== undefined && why === finding.why && finding.differences.length === 0;
    const line = `${finding.outcome}: ${unitLine(timeline, finding.row)}${ledger.round > 1 ? `  round ${finding.round}` : ''}`;
    if (again) out.splice(-1, 0, line);
    else out.push('', line);
    why = finding.differences.length === 0 ? finding.why : undefined;
    if (finding.why !== undefined && !again) out.push(`  ${printable(finding.why)}`);
    for (const { field, recorded, live } of finding.differences) out.push(`  ${field}: ${quoted(recorded)} → ${quoted(live)}`);
  }
  if (ledger.findings.length > SHOWN)
    out.push('', `… ${ledger.findings.length - SHOWN} more${ledger.findings.length === MAX_FINDINGS ? ' at least' : ''} (--format json)`);
  return `${out.join('\n')}\n`;
}

function quoted(text: string | undefined): string {
  return text === undefined ? '(none)' : `"${shorten(text, 120)}"`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : Math.round(value)} ms`;
}

export function reportJson(report: Report): string {
  const { ledger, proof, target } = report;
  const times = responseTimes(report);
  const value = {
    target,
    interrupted: report.interrupted,
    seconds: report.seconds,
    planned: ledger.planned,
    sent: ledger.sent,
    resent: ledger.resent,
    answered: ledger.answered,
    outcomes: Object.fromEntries(OUTCOMES.filter((name) => name !== 'sent').map((name) => [name.replace(' ', '_'), ledger.counts[name]])),
    response_ms: { recorded: times.recorded ?? null, now: times.now ?? null },
    record: proof ?? null,
    tokens: Object.fromEntries(report.learned),
    remarks: Object.fromEntries(ledger.remarks),
    hints: adviceOn(ledger.findings),
    findings: ledger.findings.map(({ row, round, outcome, why, differences }) => ({
      number: row + 1,
      round,
      outcome,
      why: why ?? null,
      differences,
    })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text that XML 1.0 can hold: control characters have gone through `printable`. */
function xml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (c) => ESCAPES[c]);
}

/** JUnit: a suite for each connection, a case for each message of the last round; findings of earlier rounds fail their case as well. */
export function reportJunit(report: Report): string {
  const { ledger, plan, timeline, target } = report;
  const findings = new Map<number, (typeof ledger.findings)[number]>();
  for (const finding of ledger.findings) findings.set(finding.index, finding);
  const out = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="apns-inspect replay to ${xml(target)}" time="${report.seconds.toFixed(3)}">`,
  ];
  for (const { stream, dialect, units } of plan.connections) {
    const bad = units.filter((index) => ledger.outcomes[index] > 2 || findings.has(index));
    const errors = bad.filter((index) => OUTCOMES[ledger.outcomes[index]] === 'failed').length;
    const skipped = units.filter((index) => ledger.outcomes[index] === 0).length;
    out.push(
      `  <testsuite name="stream ${stream} (${DIALECTS[dialect]})" tests="${units.length}" failures="${bad.length - errors}" errors="${errors}" skipped="${skipped}">`,
    );
    for (const index of units) {
      const row = plan.rows[index];
      const time = ledger.liveMs[index];
      const head = `    <testcase classname="stream ${stream}" name="#${row + 1} ${xml(timeline.plainMessage(row).label)}"${Number.isNaN(time) ? '' : ` time="${(time / 1000).toFixed(6)}"`}`;
      const finding = findings.get(index);
      const outcome = OUTCOMES[ledger.outcomes[index]];
      if (outcome === 'not sent') out.push(`${head}><skipped message="not sent"/></testcase>`);
      else if (finding === undefined && ledger.outcomes[index] <= 2) out.push(`${head}/>`);
      else {
        const tag = outcome === 'failed' ? 'error' : 'failure';
        const lines = (finding?.differences ?? []).map(({ field, recorded, live }) => `${field}: ${quoted(recorded)} → ${quoted(live)}`);
        out.push(
          `${head}><${tag} message="${xml(finding?.why ?? finding?.outcome ?? outcome)}">${lines.map(xml).join('\n')}</${tag}></testcase>`,
        );
      }
    }
    out.push('  </testsuite>');
  }
  out.push('</testsuites>', '');
  return out.join('\n');
}
