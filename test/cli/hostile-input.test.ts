import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { openReading } from '../../src/timeline/open.ts';
import { column, DEFAULT_COLUMNS, RowView } from '../../src/view/columns.ts';

/*
 * Random and mutated files, opened as the program opens them: each is refused with a `UserError` or read to its end, every
 * message can be shown, and the work and the memory stay in proportion to the file.
 */

const SEED = 20261121;
const ROOT = join(import.meta.dirname, '../../captures');
const SEEDS = [
  'courier-session/courier-session.pcap',
  'packed-session/packed-session.pcap',
  'broken/broken.pcap',
  'apn-gateway/apn-plain.pcap',
  'apn-gateway/apn-tls.pcap',
  'findings/http2.pcap',
  'links/fragments-overlapping.pcap',
  'links/vxlan-in-gre-on-vlan.pcap',
  'links/radiotap-aggregate.pcap',
  'delivery/delivery.pcapng',
].map((name) => readFileSync(join(ROOT, name)));
/** Slices that one file of these sizes may take; a reader that makes no progress needs more. */
const STEPS = 10_000;
/** Rows for one byte of the file: the smallest message has one byte, and a lost one a row of its own. */
const ROWS_PER_BYTE = 2;
/** Rows that are decoded of one file. */
const SHOWN = 40;
/** Growth that many files together may leave behind: a leak of every file's content would be more. */
const GROWTH = 200 * 1024 * 1024;

const dir = mkdtempSync(join(tmpdir(), 'apns-hostile-'));
const path = join(dir, 'input');
const columns = DEFAULT_COLUMNS.map((name) => column(name)).filter((c) => c !== undefined);

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Opens, reads and shows a file; true when it was accepted as a capture. */
async function look(bytes: Uint8Array): Promise<boolean> {
  writeFileSync(path, bytes);
  let reading: Awaited<ReturnType<typeof openReading>> | undefined;
  try {
    reading = await openReading([path], { keys: [], decodeAs: [], follow: false, expandPayloads: true });
    for (let steps = 0; ; steps++) {
      expect(steps).toBeLessThan(STEPS);
      const state = reading.step();
      if (state === 'done') break;
      if (state === 'starved') await reading.ready();
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.toBe('');
    reading?.close();
    return false;
  }
  const { timeline } = reading;
  expect(timeline.length).toBeLessThanOrEqual(bytes.length * ROWS_PER_BYTE);
  const view = new RowView(timeline, 'relative');
  const stride = Math.max(1, Math.floor(timeline.length / SHOWN));
  for (let row = 0; row < timeline.length; row += stride) {
    for (const c of columns) expect(c.cell(view, row)).not.toMatch(CONTROL);
    timeline.message(row);
    reading.provenance(row);
  }
  reading.complaints();
  reading.close();
  return true;
}

/** What would drive a terminal: control characters of both sets, and those that turn the direction of writing. */
const CONTROL = /[\p{Cc}\p{Bidi_Control}]/u;

/** A share of the file; without bias, or nearly every file would be damaged in its first bytes alone. */
const place = fc.noBias(fc.integer({ min: 0, max: 999_999 })).map((n) => n / 1_000_000);
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: place, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('huge' as const), at: place, value: fc.constantFrom(0, 0x7f, 0x80, 0xff) }),
  fc.record({ kind: fc.constant('cut' as const), at: place, value: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ kind: fc.constant('insert' as const), at: place, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('copy' as const), at: place, value: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('end' as const), at: place, value: fc.constant(0) }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let out = Array.from(bytes);
  for (const { kind, at, value } of mutations) {
    const index = Math.floor(at * out.length);
    if (kind === 'set') out[index] = value;
    else if (kind === 'huge') out.splice(index, 4, value, value, value, value);
    else if (kind === 'cut') out.splice(index, value);
    else if (kind === 'insert') out.splice(index, 0, value);
    else if (kind === 'copy') out.splice(index, 0, ...out.slice(0, value));
    else out = out.slice(0, index + 1);
  }
  return Uint8Array.from(out);
}

describe('hostile files', () => {
  it('that are mutated captures are refused in words or read to their end', async () => {
    const before = process.memoryUsage().rss;
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SEEDS), fc.array(mutation, { minLength: 1, maxLength: 12 }), async (bytes, mutations) => {
        if (await look(mutate(bytes, mutations))) accepted++;
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(150);
    expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH);
  });

  it('that are random bytes behind the beginning of a known format are refused in words or read to their end', async () => {
    const heads = [
      [],
      [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0],
      [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 101],
      [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0],
      [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
      [0x28, 0xb5, 0x2f, 0xfd],
      [0x04, 0x22, 0x4d, 0x18],
      [...new TextEncoder().encode('< 2026/11/21 12:00:00.000000  length=')],
      [...new TextEncoder().encode('===================================================================\nFollow: tcp,raw\n')],
      [...new TextEncoder().encode('2026-11-21 12:00:00 UTC ')],
      [...new TextEncoder().encode('1234:9:timestamp;')],
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 600 }), async (head, rest) => {
        await look(Uint8Array.from([...head, ...rest]));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('that end at any place are refused in words or read to their end', async () => {
    for (const bytes of SEEDS) {
      const stride = Math.max(1, Math.floor(bytes.length / 20));
      for (let end = 0; end < bytes.length; end += end < 32 ? 1 : stride) await look(bytes.subarray(0, end));
    }
    expect(await look(SEEDS[0])).toBe(true);
  });
});
