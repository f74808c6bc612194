import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator, EmulatorOptions } from '../../src/emulator/index.ts';
import { ControlClient } from '../../src/replay/control-client.ts';
import { Witness } from '../../src/replay/proof.ts';
import { reportText } from '../../src/replay/report.ts';
import type { Reading } from '../../src/timeline/open.ts';
import { emulator, load, replay } from '../support/replay-lab.ts';

const PLAIN = 'captures/apn-gateway/apn-plain.pcap';
const running: (Emulator | Reading)[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) {
    if ('stop' in one && 'lab' in one) await one.stop();
    else (one as Reading).close();
  }
});

async function scene(options: EmulatorOptions = {}): Promise<{ reading: Reading; target: Emulator; port: number; ca: string }> {
  const target = await emulator({ gateway: { defaultTopic: 'com.example.app' }, clientCertificates: 'none', ...options });
  const reading = await load(PLAIN);
  running.push(target, reading);
  for (const byte of ['aa', 'ab', 'ac', 'ad']) target.addDevice({ token: byte.repeat(32) });
  return { reading, target, port: target.ports.gateway as number, ca: target.lab.authority.certificate };
}

describe('replaying a provider to a gateway', () => {
  it('sends what was recorded over TLS and finds every answer equal, proven by the record of the emulator', async () => {
    const { reading, target, port, ca } = await scene();
    const control = target.control as { url: string; token: string };
    const witness = new Witness(new ControlClient(control.url, control.token));
    await witness.begin();
    const { ledger, plan, names } = await replay(reading, { port, ca, sending: (bytes) => witness.saw(bytes) });
    expect(ledger.findings).toEqual([]);
    expect([ledger.planned, ledger.sent, ledger.counts.equal]).toEqual([5, 5, 5]);
    expect(target.received().map(({ token, status }) => [token?.slice(0, 4), status])).toEqual([
      ['aaaa', 0],
      ['abab', 0],
      ['bad0', 8],
      ['acac', 0],
      ['adad', 0],
    ]);
    expect(await witness.end()).toEqual({ sent: 5, received: 5, same: 5 });
    const report = {
      target: 'x:1',
      interrupted: false,
      seconds: 1,
      ledger,
      timeline: reading.timeline,
      plan,
      proof: undefined,
      learned: [...names.entries()],
    };
    expect(reportText(report)).toContain('equal       5');
  });

  it('leaves out what the recorded client sent again, unless only the first was chosen', async () => {
    const { reading, port, ca } = await scene();
    const { plan, ledger } = await replay(reading, { port, ca, rows: [3] });
    expect([...plan.rows]).toEqual([3]);
    expect(ledger.findings.map(({ outcome, differences }) => [outcome, differences])).toEqual([
      ['different', [{ field: 'answer', recorded: 'thrown away behind an error', live: 'silence (accepted)' }]],
    ]);
  });

  it('resends what followed a refused message on a new connection, and names exactly the injected difference', async () => {
    const { reading, target, port, ca } = await scene({
      rules: [{ when: { server: 'gateway', token: 'aa*' }, do: { status: 1 }, times: 1 }],
    });
    const { ledger } = await replay(reading, { port, ca });
    expect(ledger.resent).toBeGreaterThan(0);
    expect(ledger.findings.map(({ row, outcome, differences }) => [row, outcome, differences])).toEqual([
      [
        0,
        'different',
        [
          { field: 'answer', recorded: 'silence (accepted)', live: 'error' },
          { field: 'status', recorded: undefined, live: '1 processing error' },
        ],
      ],
    ]);
    expect(
      target
        .received({ status: 0 })
        .filter(({ reason }) => reason === undefined)
        .map(({ token }) => token?.slice(0, 2))
        .sort(),
    ).toEqual(['ab', 'ac', 'ad']);
  });

  it('moves expiries by the age of the recording, and keeps them when told so', async () => {
    const { reading, target, port, ca } = await scene();
    await replay(reading, { port, ca, rows: [0], rewrite: { shiftTimes: false } });
    await replay(reading, { port, ca, rows: [0] });
    const expiries = target.received({ token: 'aa' }).map(({ push }) => push?.body.expiry ?? 0);
    expect(expiries[0]).toBe(Date.UTC(2030, 0, 1) / 1000);
    expect(expiries[1]).toBeGreaterThan(expiries[0]);
  });

  it('sends every round of a loop', async () => {
    const { reading, target, port, ca } = await scene();
    const { ledger } = await replay(reading, { port, ca, rows: [0, 1], run: { loop: 3 } });
    expect([ledger.planned, ledger.sent, ledger.counts.equal]).toEqual([6, 6, 6]);
    expect(target.received()).toHaveLength(6);
  });
});
