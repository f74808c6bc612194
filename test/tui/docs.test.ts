import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DEFAULT_CONFIG, readConfig } from '../../src/tui/config.ts';
import { keyTable } from '../../src/tui/key-table.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const page = readFileSync(`${docs}tui.md`, 'utf8');

test('the page has the key table that binds the keys', () => {
  expect(page).toContain(keyTable());
});

test('the settings of the page are understood', () => {
  const json = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const { config, problems } = readConfig(json);
  expect(problems).toEqual([]);
  expect(Object.keys(JSON.parse(json))).toEqual(Object.keys(DEFAULT_CONFIG));
  expect(config.colors).toHaveLength(2);
});

test('every picture of the page is there', () => {
  const pictures = [...page.matchAll(/\]\((screens\/[\w-]+\.svg)\)/g)].map((m) => m[1]);
  expect(pictures.length).toBeGreaterThan(6);
  for (const picture of pictures) expect(existsSync(docs + picture), picture).toBe(true);
});

test('settings that cannot be used are told one by one, and the others count', () => {
  const { config, problems } = readConfig('{"theme": "blue", "split": 5, "ascii": true, "columns": ["no"], "nothing": 1}');
  expect(config).toMatchObject({ theme: 'dark', split: 50, ascii: true, columns: undefined });
  expect(problems).toHaveLength(4);
  expect(readConfig('{').problems).toHaveLength(1);
  expect(readConfig('[]').problems[0]).toContain('no object');
});
