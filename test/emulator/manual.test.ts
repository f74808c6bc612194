import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRules } from '../../src/emulator/faults/rule.ts';
import { routesTable, rulesTable } from '../../src/emulator/manual.ts';

const manual = readFileSync('docs/emulator.md', 'utf8');

describe('docs/emulator.md', () => {
  it('has the tables of rule keys and routes as the code has them', () => {
    expect(manual).toContain(rulesTable());
    expect(manual).toContain(routesTable());
  });

  it('shows rules that are rules', () => {
    const example = /```json\n(\{ "rules"[\s\S]*?)```/.exec(manual)?.[1];
    expect(parseRules(example as string, 'the example')).toHaveLength(5);
  });
});
