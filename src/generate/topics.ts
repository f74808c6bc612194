import { createHash } from 'node:crypto';

/** The module `schema/topics-table.ts` from the plain list of topic names, one a line. */
export function topicsTable(list: string): string {
  const names = [...new Set(list.split('\n').map((line) => line.trim()))].filter((name) => name !== '' && !name.startsWith('#')).sort();
  const rows = names.map((name) => `${createHash('sha1').update(name).digest('hex')} ${name}`);
  return `// Generated from src/schema/topics.txt by npm run generate; do not edit.

/** One topic a line: SHA-1 of the name in hex, a space, the name. Plain text, because parsing it at first use is cheaper than an object literal at start. */
export const TOPIC_ROWS = \`
${rows.join('\n')}
\`;
`;
}
