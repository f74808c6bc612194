import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SESSION_NOTES } from '../../../src/schema/notes/session.ts';
import { compileFilter } from '../../../src/timeline/filter/filter.ts';
import type { Timeline } from '../../../src/timeline/timeline.ts';
import { CAPTURES, capture, readAll } from '../../support/captures.ts';
import { failure } from '../../support/filters.ts';

const open = async (name: string): Promise<Timeline> => (await readAll([capture(name)])).timeline;

const found = (timeline: Timeline, filter: string): number[] => [...compileFilter(filter).select(timeline, 0, timeline.length)];
const all = (timeline: Timeline): number[] => Array.from({ length: timeline.length }, (_, row) => row);

describe('words of a filter', () => {
  it.each([
    ['apns.command == xyz', undefined],
    ['apns.command == mesage', 'message'],
    ['apns.message != "keepalives"', 'keep_alive'],
    ['apns.command in {message, message_akc}', 'message_ack'],
    ['apns.note == session.delivred', 'session.delivered'],
    ['apns.note == eror', 'error'],
  ])('%s is refused and suggests %s', (filter, suggestion) => {
    const error = failure(filter);
    expect(error.reason).toMatch(/^there is no (message|note or finding) "/);
    expect(error.suggestion).toBe(suggestion);
    expect(error.exit).toBe(2);
  });

  it.each([
    'apns.command == "Message ack"',
    'apns.command == ConnectResponse',
    'apns.command == "Connection preface"',
    'apns.command == client-hello',
    'apns.command == "Encrypted Extensions"',
    'apns.command == unknown_2f',
    'apns.command == unknown16',
    'apns.command contains ack',
    'apns.command matches "^mess"',
    'apns.note contains "field."',
    'lower(apns.command) == anything',
  ])('%s is accepted', (filter) => {
    expect(() => compileFilter(filter)).not.toThrow();
  });

  it('know the name and the label of every message of every capture', async () => {
    const files = readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^(broken|findings|delivery|courier-session|packed-session|http2-late)\/[^/]*\.pcap(ng)?$/.test(name),
    );
    expect(files.length).toBeGreaterThan(8);
    const words = new Set<string>();
    for (const name of files) {
      const timeline = await open(name);
      for (const row of all(timeline)) {
        const { command, label } = timeline.message(row);
        words.add(command);
        words.add(label);
      }
    }
    expect(words.size).toBeGreaterThan(80);
    for (const word of words) expect(() => compileFilter(`apns.command == "${word}"`), word).not.toThrow();
  });

  it('call severities as other programs do', async () => {
    const timeline = await open('findings/gateway.pcap');
    const warned = found(timeline, 'apns.severity >= warn');
    expect(warned.length).toBeGreaterThan(0);
    expect(found(timeline, 'apns.severity >= warning')).toEqual(warned);
    expect(found(timeline, 'apns.severity == Warning')).toEqual(found(timeline, 'apns.severity == 2'));
  });
});

describe('findings in a filter', () => {
  it.each(['connections', 'delivery', 'device', 'gateway', 'http2'])(
    'select the rows of %s that have them, each code alone',
    async (name) => {
      const timeline = await open(`findings/${name}.pcap`);
      for (const code of Object.keys(SESSION_NOTES)) {
        const expected = all(timeline).filter((row) => timeline.analysis?.findings(row).some((n) => n.code === code));
        expect(found(timeline, `apns.note == ${code}`), code).toEqual(expected);
      }
    },
  );

  it('are found without decoding the messages that have none', async () => {
    const timeline = await open('findings/delivery.pcap');
    const hits = found(timeline, 'apns.note == session.delivered');
    const marked = all(timeline).filter((row) => timeline.analysis?.has(row));
    let decoded = 0;
    const message = timeline.plainMessage.bind(timeline);
    timeline.plainMessage = (row) => {
      decoded++;
      return message(row);
    };
    expect(found(timeline, 'apns.note == session.delivered')).toEqual(hits);
    expect(hits.length).toBe(2);
    expect(decoded).toBeLessThanOrEqual(marked.length);
    expect(marked.length).toBeLessThan(timeline.length / 3);
  });
});
