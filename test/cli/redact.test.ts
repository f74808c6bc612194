import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import type { Field } from '../../src/core/message.ts';
import { openReading } from '../../src/timeline/open.ts';
import { Program } from '../support/run.ts';

/*
 * Every output of --redact is searched for every secret that the capture holds: tokens, certificates, credentials, addresses
 * and payload text, each as hex, as base64 and as text.
 */

const ROOT = join(import.meta.dirname, '../../captures');
const program = new Program();

beforeAll(() => program.build());
afterAll(() => program.remove());

/** Shorter values stand in outputs by chance. */
const SHORTEST = 9;
/** Times of a certificate, and reasons that every server gives, are no secrets even where they stand inside one. */
const PUBLIC = /^(\d{4}-\d\d-\d\dT.*|[A-Z][a-z]+([A-Z][a-z]+)*)$/;

async function secrets(path: string, keys: readonly string[]): Promise<Map<string, string>> {
  const reading = await openReading([path], { keys, decodeAs: [], follow: false, expandPayloads: true });
  while (reading.step() !== 'done');
  const found = new Map<string, string>();
  const walk = (fields: readonly Field[], inside: boolean): void => {
    for (const field of fields) {
      const secret = inside || field.privacy !== undefined;
      const { value } = field;
      if (secret && value instanceof Uint8Array && value.length >= SHORTEST) {
        found.set(toHex(value), field.name);
        found.set(Buffer.from(value).toString('base64'), field.name);
      } else if (secret && typeof value === 'string' && value.length >= SHORTEST && !PUBLIC.test(value)) found.set(value, field.name);
      walk(field.children ?? [], secret);
    }
  };
  for (let row = 0; row < reading.timeline.length; row++) walk(reading.timeline.message(row).fields, false);
  for (const { endpoints } of reading.timeline.streams) {
    for (const end of [endpoints.a, endpoints.b]) found.set(end.replace(/:\d+$/, ''), 'address');
  }
  reading.close();
  return found;
}

const CASES: readonly (readonly [name: string, keys: readonly string[], least: number])[] = [
  ['apn-gateway/apn-tls.pcap', ['apn-gateway/apn-tls.keys'], 10],
  ['findings/http2.pcap', [], 3],
];

const OUTPUTS: readonly ((path: string) => string[])[] = [
  (path) => ['list', path],
  (path) => ['list', '--format', 'json', path],
  (path) => ['export', '--format', 'jsonl', '--pairs', path],
  (path) => ['list', '--format', 'csv', path],
  (path) => ['show', path, '1-'],
  (path) => ['show', '--format', 'json', path, '1-'],
  (path) => ['streams', '--json', path],
  (path) => ['stats', path],
  (path) => ['keys', path],
];

describe.each(CASES)('--redact on %s', (name, keyNames, least) => {
  it('leaves no secret in any output', async () => {
    const path = join(ROOT, name);
    const keys = keyNames.map((k) => join(ROOT, k));
    const hidden = await secrets(path, keys);
    expect(hidden.size).toBeGreaterThanOrEqual(least);
    const options = ['--redact', ...keys.flatMap((k) => ['-k', k])];
    for (const output of OUTPUTS) {
      const args = output(path);
      const run = await program.run([...args, ...options]);
      expect(run.code, args[0]).toBe(0);
      const text = run.out.toLowerCase();
      const leaks = [...hidden].filter(([secret]) => text.includes(secret.toLowerCase())).map(([, field]) => field);
      expect(leaks, args.join(' ')).toEqual([]);
    }
  });
});

describe('credentials', () => {
  it('are hidden without --redact too, and shown with --show-secrets', async () => {
    const path = join(ROOT, 'findings/http2.pcap');
    const found = new Map<string, string>();
    const reading = await openReading([path], { keys: [], decodeAs: [], follow: false, expandPayloads: true });
    while (reading.step() !== 'done');
    for (let row = 0; row < reading.timeline.length; row++) {
      const walk = (fields: readonly Field[]): void => {
        for (const f of fields) {
          if (f.privacy === 'credential' && typeof f.value === 'string') found.set(f.value, f.name);
          walk(f.children ?? []);
        }
      };
      walk(reading.timeline.message(row).fields);
    }
    reading.close();
    expect(found.size).toBeGreaterThan(0);
    const holding = async (args: string[]): Promise<number> => {
      const { out } = await program.run(args);
      return [...found.keys()].filter((secret) => out.includes(secret)).length;
    };
    for (const args of [
      ['list', '--format', 'jsonl', path],
      ['list', path],
      ['show', '--format', 'json', path, '1-'],
      ['show', path, '1-'],
    ]) {
      expect(await holding(args), args[0]).toBe(0);
    }
    expect(await holding(['show', '--show-secrets', path, '1-'])).toBeGreaterThan(0);
  });
});
