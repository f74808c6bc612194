import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findingsPage } from './findings-page.ts';
import { jsonSchema } from './json-schema.ts';
import { luaDissector } from './lua.ts';
import { notesPage } from './notes-page.ts';
import { protocolPage } from './protocol-page.ts';
import { topicsTable } from './topics.ts';

const root = new URL('../../', import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, root));
const read = (name: string): string => readFileSync(path(name), 'utf8');

/** Everything that is made from the schema, by file name within the repository. */
const made: readonly (readonly [string, () => string])[] = [
  ['src/schema/topics-table.ts', () => topicsTable(read('src/schema/topics.txt'))],
  ['docs/protocol.md', () => protocolPage()],
  ['docs/apns.lua', () => luaDissector(read('src/generate/dissector.lua'))],
  ['docs/notes.md', () => notesPage()],
  ['docs/findings.md', () => findingsPage()],
  ['docs/schema.json', () => jsonSchema()],
];

function current(name: string): string | undefined {
  try {
    return read(name);
  } catch {
    return undefined;
  }
}

const check = process.argv.includes('--check');
let stale = 0;
for (const [name, make] of made) {
  const text = make();
  if (current(name) === text) continue;
  if (check) {
    stale++;
    process.stderr.write(`${name} is stale; run npm run generate.\n`);
  } else {
    writeFileSync(path(name), text);
    process.stdout.write(`${name}\n`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
