import { describe, expect, it } from 'vitest';
import { LIVE_PATIENCE_MS } from '../../src/net/live-patience.ts';
import { type SegmentSpec, SYN } from '../support/packet-builder.ts';
import { Reassembler } from '../support/reassembler.ts';

const syn: SegmentSpec = { seq: 999, flags: SYN };

describe('a live input', () => {
  it('shows what waits behind a missing segment when that has not come for a while', () => {
    const r = new Reassembler().segments(syn, { seq: 1000, data: 'a' }, { seq: 1005, data: 'b' });
    expect(r.network.waits).toBe(true);
    r.network.idle(0);
    r.network.idle(LIVE_PATIENCE_MS - 1);
    expect(r.texts()[0]).toBe('a');
    r.network.idle(LIVE_PATIENCE_MS + 1000);
    expect(r.texts()[0]).toBe('a[4]b');
    expect(r.network.waits).toBe(false);
    expect(r.segments({ seq: 1006, data: 'c' }).texts()[0]).toBe('a[4]bc');
  });

  it('waits anew whenever something of the connection came', () => {
    const r = new Reassembler().segments(syn, { seq: 1005, data: 'c' }, { seq: 1008, data: 'd' });
    r.network.idle(0);
    r.segments({ seq: 1000, data: 'aaaaa' });
    r.network.idle(LIVE_PATIENCE_MS + 1);
    expect(r.texts()[0]).toBe('aaaaac');
    r.segments({ seq: 1006, data: 'bb' });
    expect(r.texts()[0]).toBe('aaaaacbbd');
  });

  it('shows a connection that began before it, and in disorder', () => {
    const r = new Reassembler().segments({ seq: 1001, data: 'b' }, { seq: 1000, data: 'a' });
    for (const now of [0, 1000, LIVE_PATIENCE_MS - 1]) r.network.idle(now);
    expect(r.opened).toEqual([]);
    r.network.idle(LIVE_PATIENCE_MS + 1000);
    expect(r.texts()[0]).toBe('ab');
  });
});
