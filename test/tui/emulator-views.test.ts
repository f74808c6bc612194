/** The views that speak to a running emulator, in a pseudo-terminal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.ts';
import { capture } from '../support/captures.ts';
import { noPty, program, run as start, type TerminalRun } from '../support/terminal.ts';

const COURIER = capture('courier-session/courier-session.pcap');

let state: string;
let emulator: Emulator;
const runs: TerminalRun[] = [];

describe.skipIf(noPty !== undefined)(`views of a running emulator${noPty === undefined ? '' : ` (skipped: ${noPty})`}`, () => {
  beforeAll(async () => {
    state = mkdtempSync(join(tmpdir(), 'state-'));
    await program();
    emulator = await startEmulator({ directory: join(state, 'apns-inspect', 'lab'), unknownTokens: 'accept' });
  });
  afterAll(async () => {
    await emulator?.stop();
    rmSync(state, { recursive: true, force: true });
  });
  afterEach(() => {
    for (const t of runs.splice(0)) t.close();
  });

  async function open(filter: string): Promise<TerminalRun> {
    const t = await start([COURIER, '-Y', filter], { cols: 120, rows: 36, env: { XDG_STATE_HOME: state } });
    runs.push(t);
    await t.until(/▶ +\d/);
    return t;
  }

  test('a dry run shows the plan and sends nothing; a real one shows what came back', async () => {
    const t = await open('apns.direction == c2s && tcp.stream == 0');
    const before = emulator.received().length;
    t.send('r');
    await t.until('11 shown');
    t.send('r');
    await t.until('Plan (nothing was sent)');
    expect(t.text()).toContain('Connect');
    expect(emulator.received()).toHaveLength(before);
    t.send('\tgj\r');
    await t.until('⏎ take over');
    t.send(`\x15127.0.0.1:${emulator.ports.courier}\r`);
    await t.until(`[127.0.0.1:${emulator.ports.courier}]`);
    t.send('jjl');
    await t.until('‹ 2x ›');
    t.send('jjjjjl');
    await t.until('‹ no ›');
    t.send('r');
    await t.until(/sent 11\/11 .* equal 11/);
    await t.until('─ done ─');
    expect(emulator.received().length).toBeGreaterThan(before);
    t.send('g\r');
    await t.until('┌─ Timeline');
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });

  test('a replay to another machine is refused, and what cannot be sent is told', async () => {
    const t = await open('apns.direction == c2s && tcp.stream == 0');
    t.send('rj\r');
    await t.until('⏎ take over');
    t.send('\x15gateway.push.apple.com:443\r');
    await t.until('[gateway.push.apple.com:443]');
    t.send('jjjjjjjl');
    await t.until('‹ no ›');
    t.send('r');
    await t.until('─ failed ─');
    expect(t.text()).toMatch(/Cannot find the host|is Apple's/);
    t.send('\tgj\r');
    await t.until('⏎ take over');
    t.send('\x15nowhere\r');
    await t.until('[nowhere]');
    t.send('r');
    await t.until('takes HOST:PORT');
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });

  test('the emulator view shows the status, and what happens as it happens, but not the token', async () => {
    const t = await open('apns.direction == c2s');
    t.send('@');
    await t.until('Emulator control address');
    t.send(`\x15${emulator.control?.url}#${emulator.control?.token}\r`);
    await t.until('attached');
    await t.until('counts:');
    expect(t.text()).not.toContain(emulator.control?.token);
    // The stream of events opens a moment after the status came: clients come until one is seen.
    let client: TLSSocket | undefined;
    await t.until(() => {
      if (client === undefined || client.destroyed) {
        client = connect({ host: '127.0.0.1', port: emulator.ports.gateway as number, rejectUnauthorized: false });
        client.on('error', () => undefined);
        client.once('secureConnect', () => client?.destroy());
      }
      return /\d\d:\d\d:\d\d\.\d{3} gateway +connected/.test(t.text());
    });
    client?.destroy();
    t.send('q');
    await t.until('┌─ Timeline');
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });

  test('a wrong token is told in a sentence', async () => {
    const t = await open('apns.direction == c2s');
    t.send('@');
    await t.until('Emulator control address');
    t.send(`\x15${emulator.control?.url}#wrong\r`);
    await t.until('it wants its token');
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });
});
