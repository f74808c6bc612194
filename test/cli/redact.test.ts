import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import type { Field } from '../../src/core/message.ts';
import { jsonRecord } from '../../src/export/record.ts';
import { openReading, type Reading } from '../../src/timeline/open.ts';
import { Redactor } from '../../src/timeline/redact.ts';
import { COLUMNS, RowView } from '../../src/view/columns.ts';
import { treeLines } from '../../src/view/tree.ts';
import { Program } from '../support/run.ts';

/*
 * Every output of --redact is searched for every secret that the capture holds: tokens, certificates, credentials, addresses
 * and payload text, each as hex, as base64 and as text.
 */

const ROOT = join(import.meta.dirname, '../../captures');
const program = new Program();

beforeAll(() => program.build());
afterAll(() => program.remove());

/** Shorter values, and runs of one byte, stand in outputs by chance. */
const SHORTEST = 9;
/** Times of a certificate, reasons that every server gives, Apple's servers, and words that findings have too are no secrets even where they stand inside one. */
const PUBLIC = /^(\d{4}-\d\d-\d\dT.*|[A-Z][a-z]+([A-Z][a-z]+)*|.*\.apple\.com|message \d+|went through)$/;

async function readAll(reading: Reading): Promise<void> {
  for (let state = reading.step(); state !== 'done'; state = reading.step()) if (state === 'starved') await reading.ready();
}

async function secrets(path: string, keys: readonly string[]): Promise<Map<string, string>> {
  const reading = await openReading([path], { keys, decodeAs: [], follow: false, expandPayloads: true });
  await readAll(reading);
  const found = new Map<string, string>();
  const walk = (fields: readonly Field[], inside: boolean): void => {
    for (const field of fields) {
      // The app that a certificate is for is a topic, and topics stay.
      const secret = (inside || field.privacy !== undefined) && field.name !== 'UID';
      const { value } = field;
      if (secret && value instanceof Uint8Array && value.length >= SHORTEST && value.some((b) => b !== value[0])) {
        found.set(toHex(value), field.name);
        for (const form of ['base64', 'base64url'] as const) found.set(Buffer.from(value).toString(form), field.name);
      } else if (secret && typeof value === 'string' && value.length >= SHORTEST && !PUBLIC.test(value)) found.set(value, field.name);
      walk(field.children ?? [], secret);
    }
  };
  for (let row = 0; row < reading.timeline.length; row++) walk(reading.timeline.message(row).fields, false);
  for (const { endpoints } of reading.timeline.streams) {
    for (const end of [endpoints.a, endpoints.b]) if (end !== '') found.set(end.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''), 'address');
  }
  for (const log of keys) {
    for (const line of readFileSync(log, 'latin1').split('\n')) {
      const secret = line.split(' ')[2];
      if (secret !== undefined) found.set(secret.trim(), 'key log');
    }
  }
  reading.close();
  return found;
}

/** Names of the fields whose values stand in a text. */
function leaks(hidden: ReadonlyMap<string, string>, text: string): string[] {
  const lower = text.toLowerCase();
  return [...hidden].filter(([secret]) => lower.includes(secret.toLowerCase())).map(([secret, field]) => `${field}: ${secret}`);
}

/** The captures whose outputs are looked at as a user gets them; the others are looked at row by row. */
const CASES: readonly (readonly [name: string, keys: readonly string[], least: number])[] = [
  ['apn-gateway/apn-tls.pcap', ['apn-gateway/apn-tls.keys'], 10],
  ['findings/http2.pcap', [], 10],
];

const EVERY_COLUMN = COLUMNS.map((c) => c.name).join(',');
const OUTPUTS: readonly ((path: string) => string[])[] = [
  (path) => ['list', path, '--columns', EVERY_COLUMN],
  (path) => ['list', '--format', 'text', '--findings', path],
  (path) => ['list', '--format', 'json', path],
  (path) => ['list', '--format', 'csv', path, '--columns', EVERY_COLUMN],
  (path) => ['export', '--format', 'jsonl', '--pairs', '--findings', path],
  (path) => ['show', path, '1-'],
  (path) => ['show', '--format', 'json', '--show-secrets', path, '1-'],
  (path) => ['streams', path],
  (path) => ['streams', '--json', path],
  (path) => ['stats', '--top', '500', path],
  (path) => ['stats', '--json', '--findings', path],
  (path) => ['keys', path],
  (path) => ['keys', '--json', path],
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
      expect(run.code, args.join(' ')).toBe(0);
      expect(leaks(hidden, run.out + run.err), args.join(' ')).toEqual([]);
    }
  });
});

describe('--redact on the other captures', () => {
  const captures = ['apn-gateway', 'broken', 'courier-session', 'delivery', 'findings', 'formats', 'packed-session'].flatMap((dir) =>
    readdirSync(join(ROOT, dir))
      .filter((file) => /\.(pcap|pcapng|cap|gz|flows|log|bin)$/.test(file))
      .map((file) => join(ROOT, dir, file)),
  );
  // Of the links, those with addresses inside addresses; the messages are the same in all.
  captures.push(...['teredo', 'gtp-u', 'ip-in-ipv6', 'wifi', 'pktap'].map((name) => join(ROOT, `links/${name}.pcap`)));
  it('leaves no secret in any cell, tree or record', async () => {
    expect(captures.length).toBeGreaterThan(20);
    for (const path of captures) {
      const hidden = await secrets(path, []);
      const reading = await openReading([path], { keys: [], decodeAs: [], follow: false, expandPayloads: true });
      const { timeline } = reading;
      timeline.redactor = new Redactor((kind, value) => `${kind}-${createHash('sha256').update(value).digest('hex').slice(0, 8)}`);
      await readAll(reading);
      const view = new RowView(timeline, 'relative');
      view.findings = true;
      let text = '';
      for (let row = 0; row < timeline.length; row++) {
        text += COLUMNS.map((c) => c.cell(view, row)).join(' ');
        text += treeLines(timeline.message(row), timeline.analysis?.findings(row))
          .map((l) => l.text)
          .join('\n');
        text += jsonRecord(timeline, row, { showSecrets: true, analysis: true });
      }
      for (let i = 0; i < timeline.streams.length; i++) text += reading.streamInfo(i);
      reading.close();
      expect(leaks(hidden, text), path).toEqual([]);
    }
  });
});

describe('a filter', () => {
  it('finds what the output hides', async () => {
    const path = join(ROOT, 'courier-session/courier-session.pcap');
    for (const filter of ['apns.token == 40474e55', 'ip.src == 17.0.0.0/8', 'apns.payload.aps.alert contains "Lunch"']) {
      const plain = await program.run(['list', path, '-Y', filter, '--columns', 'number']);
      const hidden = await program.run(['list', path, '-Y', filter, '--columns', 'number', '--redact']);
      expect(plain.out.split('\n').length, filter).toBeGreaterThan(2);
      expect(hidden.out, filter).toBe(plain.out);
    }
  });
});

describe('credentials', () => {
  it('stand as asterisks in a hex dump', async () => {
    const path = join(ROOT, 'findings/http2.pcap');
    const plain = await program.run(['show', '--show-secrets', path, '6']);
    const hidden = await program.run(['show', path, '6']);
    expect(hidden.out).toMatch(/^ +0060( {1,2}\*\*){16} {2}\*{16}$/m);
    expect(plain.out).not.toContain('**');
  });
  it('are hidden without --redact too, and shown with --show-secrets', async () => {
    const path = join(ROOT, 'findings/http2.pcap');
    const found = new Map<string, string>();
    const reading = await openReading([path], { keys: [], decodeAs: [], follow: false, expandPayloads: true });
    await readAll(reading);
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
    expect(await holding(['list', '--format', 'jsonl', '--show-secrets', path])).toBeGreaterThan(0);
  });
});
