import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectDevice, type DeviceDialect } from '../../src/emulator/device/connection.ts';
import type { DeviceEvent } from '../../src/emulator/device/peer.ts';
import { reportText } from '../../src/replay/report.ts';
import { emulator, load, replay } from '../support/replay-lab.ts';

const TOPIC = 'com.example.app';

/** Records a device that connects, gets one push, acknowledges it, sends a keep-alive and leaves. */
async function record(dialect: DeviceDialect, path: string): Promise<void> {
  const server = await emulator({ capture: path });
  const { certificate, key } = await server.lab.device('phone');
  const seen: DeviceEvent[] = [];
  let wake = (): void => {};
  const until = async (kind: string): Promise<void> => {
    while (!seen.some((event) => event.kind === kind)) await new Promise<void>((resolve) => (wake = resolve));
  };
  const device = await connectDevice({
    port: server.ports.courier as number,
    dialect,
    topics: [TOPIC],
    ca: server.lab.authority.certificate,
    serverName: '',
    identity: { certificate, key },
    ...(dialect === 'ios4' ? { token: 'ab'.repeat(32) } : {}),
    insecure: true,
    onEvent: (event) => {
      seen.push(event);
      wake();
    },
  });
  await until('connected');
  server.inject({ to: device.peer.token as string, topic: TOPIC, payload: { aps: { alert: 'hello' } } });
  await until('message');
  device.peer.keepAlive(10);
  await until('other');
  device.close();
  await device.ended;
  await server.stop();
}

describe('replaying a device to a courier', () => {
  for (const dialect of ['tlv', 'packed', 'ios4'] as const) {
    it(`says a recorded ${dialect} session again with encoding of its own, and gets equal answers`, async () => {
      const path = join(mkdtempSync(join(tmpdir(), 'apns-replay-')), `${dialect}.pcapng`);
      await record(dialect, path);
      const reading = await load(path);
      const target = await emulator();
      const identity = await target.lab.device('phone');
      try {
        const { ledger, plan, names } = await replay(reading, {
          port: target.ports.courier as number,
          ca: target.lab.authority.certificate,
          peer: { identity },
        });
        const report = {
          target: 'x:1',
          interrupted: false,
          seconds: 1,
          ledger,
          plan,
          proof: undefined,
          learned: [...names.entries()],
          timeline: reading.timeline,
        };
        expect(ledger.findings, reportText(report)).toEqual([]);
        expect(ledger.sent).toBe(plan.rows.length);
        expect(ledger.counts.equal).toBe(plan.rows.length);
        const said = target.received({ server: 'courier' }).map(({ command }) => command);
        expect(said).toEqual([...plan.rows].map((row) => reading.timeline.plainMessage(row).command));
      } finally {
        await target.stop();
        reading.close();
      }
    });
  }

  it('introduces itself first when only a later message was chosen, and acknowledges what comes', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'apns-replay-')), 'tlv.pcapng');
    await record('tlv', path);
    const reading = await load(path);
    const target = await emulator();
    try {
      const { ledger, plan } = await replay(reading, {
        port: target.ports.courier as number,
        ca: target.lab.authority.certificate,
        peer: { identity: await target.lab.device('phone') },
        rows: [...Array(reading.timeline.length).keys()].filter((row) => reading.timeline.plainMessage(row).command === 'keep_alive'),
      });
      expect([...plan.prelude]).toEqual([1, 1, 0]);
      expect(ledger.findings).toEqual([]);
    } finally {
      await target.stop();
      reading.close();
    }
  });

  for (const [name, stream] of [
    ['packed-session', 0],
    ['courier-session', 0],
  ] as const) {
    it(`replays captures/${name} clean`, async () => {
      const reading = await load(`captures/${name}/${name}.pcap`);
      const target = await emulator();
      try {
        const rows = [...Array(reading.timeline.length).keys()].filter((row) => reading.timeline.rows.columns.stream(row) === stream);
        const { ledger, plan } = await replay(reading, {
          port: target.ports.courier as number,
          ca: target.lab.authority.certificate,
          peer: { identity: await target.lab.device('phone') },
          rows,
        });
        expect(ledger.findings).toEqual([]);
        expect(ledger.counts.equal).toBe(plan.rows.length);
      } finally {
        await target.stop();
        reading.close();
      }
    });
  }
});
