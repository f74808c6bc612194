import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/generate/json-schema.ts';
import { notesPage } from '../../src/generate/notes-page.ts';
import { protocolPage } from '../../src/generate/protocol-page.ts';
import { topicsTable } from '../../src/generate/topics.ts';
import { filterName } from '../../src/schema/interpret.ts';
import { NOTES } from '../../src/schema/notes.ts';
import { TABLES } from '../../src/schema/registry.ts';

const file = (name: string): string => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');

describe('generated pages', () => {
  it('describe every command and field with its source', () => {
    const page = protocolPage();
    for (const { table } of TABLES) {
      for (const [name, def] of Object.entries(table)) {
        expect(page).toContain(`${def.label} (\`${name}\`)`);
        for (const key of Object.keys(def.fields)) expect(page).toContain(`\`${filterName(name, def, key)}\``);
      }
    }
    for (const line of page.split('\n')) expect(line).not.toContain('undefined');
  });

  it('have tables with as many cells as heads', () => {
    const lines = protocolPage().split('\n');
    let width = 0;
    for (const line of lines) {
      const cells = line.startsWith('|') ? line.replaceAll('\\|', '').split('|').length : 0;
      if (width > 0 && cells > 0) expect(cells, line).toBe(width);
      width = cells;
    }
  });

  it('explain every note', () => {
    const page = notesPage();
    for (const code of Object.keys(NOTES)) expect(page).toContain(`| \`${code}\` |`);
    expect(page).not.toContain('undefined');
  });

  it('give a JSON schema with one definition for each command', () => {
    const schema = JSON.parse(jsonSchema());
    const names = TABLES.flatMap(({ dialects, table }) => Object.keys(table).map((name) => `${dialects[0]}.${name}`));
    expect(Object.keys(schema.$defs)).toEqual([...names, 'http2', 'tls']);
    expect(schema.$defs['courier.message'].properties.expiry.anyOf[0]).toEqual({ type: 'integer', minimum: 0, maximum: 4294967295 });
  });

  it('give the fields of HTTP/2 and TLS records in the JSON schema, by the names that records use', () => {
    const { $defs, allOf } = JSON.parse(jsonSchema());
    const http2 = Object.keys($defs.http2.properties);
    for (const name of [
      'streamid',
      'method',
      'path',
      'push_type',
      'priority',
      'topic',
      'token',
      'payload',
      'reason',
      'jwt',
      'max_streams',
      'error',
    ])
      expect(http2, name).toContain(name);
    const tls = Object.keys($defs.tls.properties);
    for (const name of ['type', 'ciphersuite', 'random', 'session_id', 'extension']) expect(tls, name).toContain(name);
    expect(allOf.filter((rule: { if: { properties: { dialect: object } } }) => 'const' in rule.if.properties.dialect).length).toBe(2);
  });

  it('keep the topic table fresh', () => {
    expect(file('src/schema/topics-table.ts')).toBe(topicsTable(file('src/schema/topics.txt')));
  });
});
