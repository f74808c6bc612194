import { describe, expect, it } from 'vitest';
import { type CommandDef, goes, idIn, typeText } from '../../src/schema/definition.ts';
import { TABLES } from '../../src/schema/registry.ts';
import { SOURCES } from '../../src/schema/sources.ts';

const commands = TABLES.flatMap(({ dialects, table }) =>
  Object.entries(table).map(([name, def]) => [`${dialects[0]} ${name}`, def as CommandDef] as const),
);

describe('the tables', () => {
  it('survive JSON: no functions in rows', () => {
    for (const { table } of TABLES) expect(JSON.parse(JSON.stringify(table))).toEqual(table);
  });

  it('give each command and direction one row, and each field one id there', () => {
    for (const { table } of TABLES) {
      for (const dir of [0, 1] as const) {
        const ids = Object.values(table)
          .filter((def) => goes(def, dir))
          .map((def) => def.id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const def of Object.values(table)) {
          const fields = Object.values(def.fields)
            .map((field) => idIn(field, dir))
            .filter((id) => id !== undefined);
          expect(new Set(fields).size).toBe(fields.length);
        }
      }
    }
  });

  it('cite a known source and say something in every row', () => {
    for (const [name, def] of commands) {
      for (const row of [def, ...Object.values(def.fields)]) {
        for (const source of row.source.split(', ')) expect(SOURCES[source], `${name}: ${source}`).toBeDefined();
        expect(row.doc.length, name).toBeGreaterThan(4);
        expect('ABCD').toContain(row.confidence);
      }
    }
  });

  it('name fields and commands so that they fit into filters', () => {
    for (const [name, def] of commands) {
      expect(name.split(' ')[1]).toMatch(/^[a-z][a-z0-9_]*$/);
      for (const key of Object.keys(def.fields)) expect(key).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });

  it('refer in summaries, orders, layouts and length checks only to fields that exist', () => {
    for (const [name, def] of commands) {
      const names = [
        ...(def.order ?? []),
        ...(def.summary ?? []).flatMap((template) => [...template.matchAll(/\{(\w+)[#*]?\}/g)].map((match) => match[1])),
        ...(def.layouts ?? []).flat().flatMap((part) => ('times' in part ? [part.field, part.times, part.size] : [part.field])),
        ...Object.values(def.fields).flatMap((field) => (field.lengthOf === undefined ? [] : [field.lengthOf])),
      ];
      for (const field of names) expect(def.fields[field], `${name}: ${field}`).toBeDefined();
    }
  });

  it('name unknown things as unknown, with confidence D or C', () => {
    for (const [, def] of commands) {
      for (const [key, field] of Object.entries(def.fields)) {
        if (key.startsWith('unknown')) expect('CD').toContain(field.confidence);
      }
    }
  });

  it('cover the commands that the sources know, and no others', () => {
    const ids = (dir: 0 | 1) =>
      Object.values(TABLES[0].table)
        .filter((def) => goes(def, dir))
        .map((def) => def.id)
        .sort((a, b) => a - b);
    expect(ids(0)).toEqual([0x07, 0x09, 0x0a, 0x0b, 0x0c, 0x0f, 0x10, 0x11, 0x13, 0x14, 0x15, 0x18, 0x1b, 0x1d, 0x20]);
    expect(ids(1)).toEqual([
      0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0d, 0x0e, 0x0f, 0x10, 0x12, 0x16, 0x17, 0x18, 0x19, 0x1d, 0x1e, 0x20, 0x21, 0x22,
    ]);
  });

  it('have words for every type', () => {
    for (const [, def] of commands) for (const field of Object.values(def.fields)) expect(typeText(field.type)).toMatch(/\w/);
  });
});
