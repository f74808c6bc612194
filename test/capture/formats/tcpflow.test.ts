import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordPath, withFiles } from '../../support/input-recorder.ts';
import { tcpflowFiles } from '../../support/stream-formats.ts';
import { GATEWAY_TALK, sideHex } from '../../support/talks.ts';

const other = {
  ...GATEWAY_TALK,
  client: ['10.1.2.4', 6000] as const,
  segments: GATEWAY_TALK.segments.map((s) => ({ ...s, sec: s.sec - 100 })),
};

describe('files of tcpflow', () => {
  it('finds both directions by name and times by the report', async () => {
    await withFiles(tcpflowFiles(GATEWAY_TALK), async (directory) => {
      const recorded = await recordPath(directory);
      expect(recorded.format).toBe('tcpflow');
      const [stream] = recorded.streams;
      expect(stream.info).toMatchObject({
        client: '10.1.2.3:50123',
        server: '17.188.0.10:2195',
        timed: true,
        ordered: false,
        rolesKnown: false,
      });
      expect(stream.hex(0)).toBe(sideHex(GATEWAY_TALK, 0));
      expect(stream.hex(1)).toBe('080800000002');
      expect(stream.pieces.map(({ sec, nsec }) => [sec, nsec])).toEqual([
        [1_795_284_777, 292_458_000],
        [1_795_284_778, 0],
      ]);
    });
  });

  it('opens one file together with its other direction, wherever the name is given', async () => {
    const files = tcpflowFiles(GATEWAY_TALK);
    for (const name of Object.keys(files).filter((file) => file !== 'report.xml')) {
      await withFiles(files, async (directory) => {
        const { streams } = await recordPath(join(directory, name));
        expect(streams).toHaveLength(1);
        expect([streams[0].hex(0), streams[0].hex(1)]).toEqual([sideHex(GATEWAY_TALK, 0), '080800000002']);
      });
    }
  });

  it('has no times without a report, and says so', async () => {
    await withFiles(tcpflowFiles(GATEWAY_TALK, false), async (directory) => {
      const { streams } = await recordPath(directory);
      expect(streams[0].info.timed).toBe(false);
      expect(streams[0].pieces.every((piece) => Number.isNaN(piece.sec))).toBe(true);
    });
  });

  it('orders connections by their first time', async () => {
    const [a, b] = [tcpflowFiles(GATEWAY_TALK), tcpflowFiles(other)];
    const report = Buffer.concat([a['report.xml'], b['report.xml']]);
    await withFiles({ ...a, ...b, 'report.xml': report }, async (directory) => {
      const { streams } = await recordPath(directory);
      expect(streams.map((stream) => stream.info.client)).toEqual(['10.1.2.4:6000', '10.1.2.3:50123']);
    });
  });

  it('reads IPv6 names, connection numbers and start times in names', async () => {
    await withFiles(
      { '1795284777T2001:db8::1.50123-2001:db8::2.05223c2': 'ab', '1795284777T2001:db8::2.05223-2001:db8::1.50123c2': 'c' },
      async (directory) => {
        const { streams } = await recordPath(directory);
        expect(streams).toHaveLength(1);
        expect(streams[0].info).toMatchObject({ client: '[2001:db8::1]:50123', server: '[2001:db8::2]:5223', timed: true });
      },
    );
  });
});
