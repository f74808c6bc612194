import type { NoteDef } from '../schema/notes/definition.ts';
import { NOTES } from '../schema/notes.ts';

const AREAS: Readonly<Record<string, string>> = {
  capture: 'Capture files',
  format: 'Formats of decrypted streams',
  tcp: 'TCP',
  tls: 'TLS',
  frame: 'Frames',
  field: 'Fields',
  payload: 'Payloads',
  packed: 'Packed encoding',
  http2: 'HTTP/2 and the provider API',
  jwt: 'Provider tokens',
  session: 'Sessions',
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** `docs/notes.md`: every note with its severity, what it says and what to do. */
export function notesPage(): string {
  const byArea = new Map<string, string[]>();
  for (const [code, def] of Object.entries<NoteDef>(NOTES)) {
    const area = code.slice(0, code.indexOf('.'));
    const rows = byArea.get(area) ?? [];
    byArea.set(area, rows);
    rows.push(`| \`${code}\` | ${def.severity} | ${cell(def.sentence)} | ${cell(def.advice)} |\n`);
  }
  const areas = [...byArea].map(
    ([area, rows]) =>
      `## ${AREAS[area] ?? area}\n\n| code | severity | what was seen | what to do |\n| --- | --- | --- | --- |\n${rows.join('')}\n`,
  );
  return `<!-- Generated from src/schema/notes by npm run generate; do not edit. -->

# Notes

What apns-inspect finds wrong or remarkable, by code. The filter \`apns.note\` finds messages by code, \`--fail-on\` by severity, and
\`apns-inspect explain CODE\` prints the same offline. Severities: info, note, warn, error.

${areas.join('')}`.replace(/\n+$/, '\n');
}
