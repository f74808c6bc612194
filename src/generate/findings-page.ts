import type { NoteDef } from '../schema/notes/definition.ts';
import { SESSION_NOTES } from '../schema/notes/session.ts';
import { EXCHANGES } from '../session/exchanges.ts';
import { MACHINES } from '../session/machines.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** `docs/findings.md`: what rules over several messages find, what they pair, and the states of each dialect. */
export function findingsPage(): string {
  const findings = Object.entries<NoteDef>(SESSION_NOTES).map(
    ([code, def]) => `| \`${code}\` | ${def.severity} | ${cell(def.sentence)} | ${cell(def.advice)} |\n`,
  );
  const exchanges = EXCHANGES.map((row) => {
    const by = { id: 'id', order: 'order', 'id-or-order': 'id where one matches, else order' }[row.by];
    return `| ${row.name} | ${row.ask.join(', ')} | ${row.answer.join(', ')} | ${by} | ${row.unanswered === undefined ? '' : `\`${row.unanswered}\``} |\n`;
  });
  const machines = MACHINES.map((machine) => {
    const rows = machine.transitions.map((t) => {
      const when = t.status === undefined ? '' : t.status === 'ok' ? ', status 0' : ', another status';
      const then = [t.to, t.finding === undefined ? undefined : `\`${t.finding}\``].filter((x) => x !== undefined).join(', ');
      return `| ${t.from.join(', ')} | ${t.on.join(', ')}${when} | ${then} |\n`;
    });
    const table = rows.length === 0 ? '' : `\n| in | message | then |\n| --- | --- | --- |\n${rows.join('')}`;
    return `### ${machine.dialect}\n\nStates: ${machine.states.join(', ')}.\n${table}\n`;
  });
  return `<!-- Generated from src/schema/notes/session.ts and src/session by npm run generate; do not edit. -->

# Findings

What several messages together show, or a message and its time. \`list --findings\` lists the messages that something was found
on, \`show\` explains, \`stats\` counts, and the filter \`apns.note\` finds them by code: \`apns.note == "session.discarded"\`. A
finding on a connection with a hole in the capture never rests on something that is absent.

| code | severity | what was found | what to do |
| --- | --- | --- | --- |
${findings.join('')}
## Questions and answers

The filter fields \`apns.pair\` and \`apns.rtt\` hold the other message of a pair and the time between. The gateway's error packet is
paired with the notification that it names; SETTINGS and PING of HTTP/2 with their acknowledgements; a reset with its request.

| exchange | question | answer | paired by | when it stays open |
| --- | --- | --- | --- | --- |
${exchanges.join('')}
## States

A capture that begins within a connection is in the state \`joined\`: what came before is not known, and nothing is held against it.

${machines.join('\n')}`.replace(/\n+$/, '\n');
}
