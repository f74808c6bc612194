import { expect, it } from 'vitest';
import { statistics } from '../../src/timeline/statistics.ts';
import { sourceOf } from '../support/tui.ts';

it.each([
  ['apn-gateway/apn-plain.pcap', 'gateway  8', 'invalid token'],
  ['courier-session/courier-session.pcap', 'courier  128', 'sent too early'],
  ['findings/http2.pcap', 'http2  410', 'Gone'],
])('statuses of %s say what they mean: %s is %s', async (name, status, meaning) => {
  const { timeline } = await sourceOf(name);
  expect(statistics(timeline, undefined).statuses.find((s) => s.name === status)).toMatchObject({ meaning });
});

it('a status that means several things in several messages says all of them, and an unknown one nothing', async () => {
  const { timeline } = await sourceOf('courier-session/courier-session.pcap');
  const { statuses } = statistics(timeline, undefined);
  expect(statuses.map((s) => s.name)).toEqual(['courier  3', 'courier  0', 'courier  128', 'courier  2']);
  expect(statuses.find((s) => s.name === 'courier  0')?.meaning).toBe('ok');
  for (const s of statuses) expect(s.meaning).not.toBe('');
});
