import { expect, it } from 'vitest';
import { SessionAnalysis } from '../../src/session/analysis.ts';
import { plainField, type SessionRow, SessionRows } from '../support/session-rows.ts';

const POLICY = (policy: number): Uint8Array => Buffer.from(`{ "message-storage-policy" : ${policy}, "push-type": "LiveActivity" }`);
const create = (id: number, policy: number): SessionRow => ({
  kind: 'http2 c2s channelCreate',
  id,
  fields: [plainField('body', POLICY(policy))],
});
const created = (id: number, channel: string): SessionRow => ({
  kind: 'http2 s2c response',
  id,
  status: 201,
  fields: [plainField('channel_id', channel)],
});
const broadcast = (id: number, channel: string, expiry: number): SessionRow => ({
  kind: 'http2 c2s broadcast',
  id,
  fields: [plainField('channel_id', channel), plainField('expiry', expiry)],
});

/** Rows with the finding. */
function found(rows: readonly SessionRow[]): number[] {
  const analysis = new SessionAnalysis(new SessionRows(rows));
  analysis.advance(rows.length);
  analysis.finish();
  return rows.flatMap((_, row) => (analysis.findings.of(row, 1).some((n) => n.code === 'session.broadcast-not-stored') ? [row] : []));
}

it('an expiration is found on a channel that was created without storage, and on no other', () => {
  const rows = [
    create(1, 0),
    created(1, 'A'),
    create(3, 1),
    created(3, 'B'),
    broadcast(5, 'A', 0),
    broadcast(7, 'A', 1),
    broadcast(9, 'B', 1),
  ];
  expect(found(rows)).toEqual([5]);
});

it('a channel that was read has the policy of the answer, unless it was refused', () => {
  const read = (id: number, channel: string): SessionRow => ({
    kind: 'http2 c2s channelRead',
    id,
    fields: [plainField('channel_id', channel)],
  });
  const answer = (id: number, status: number): SessionRow => ({
    kind: 'http2 s2c response',
    id,
    status,
    fields: [plainField('body', POLICY(0))],
  });
  expect(found([read(1, 'A'), answer(1, 200), read(3, 'B'), answer(3, 403), broadcast(5, 'A', 9), broadcast(7, 'B', 9)])).toEqual([4]);
});

it('a channel made anew with storage is no longer found', () => {
  expect(found([create(1, 0), created(1, 'A'), create(3, 1), created(3, 'A'), broadcast(5, 'A', 9)])).toEqual([]);
});
