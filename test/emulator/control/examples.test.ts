import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../../src/emulator/control/routes.ts';
import { connectDevice } from '../../../src/emulator/device/connection.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/index.ts';
import { LAB_DIRECTORY } from '../../support/lab.ts';

const script = /<!-- examples:[^\n]*-->\n```sh\n([\s\S]*?)```/.exec(readFileSync('docs/emulator.md', 'utf8'))?.[1] ?? '';
const curl = spawnSync('curl', ['--version']).status === 0;
const TOKENS = { DEVICE: 'd1'.repeat(32), OTHER: 'd2'.repeat(32) };
let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ directory: LAB_DIRECTORY, plaintext: true });
  for (const token of Object.values(TOKENS)) {
    const filtered = new Promise((resolve) => emulator.on((event) => event.kind === 'filter' && event.token === token && resolve(event)));
    const port = emulator.ports.courier as number;
    await connectDevice({ port, plaintext: true, token, topics: ['com.example.app'], protocolVersion: 12, onEvent: () => {} });
    await filtered;
  }
});
afterAll(() => emulator.stop());

describe('the examples of the control API', () => {
  it('show every route', () => {
    const shown = script.split('\n').flatMap((line) => {
      const path = /\$API(\/[^\s"?]*)/.exec(line)?.[1];
      return path === undefined ? [] : [`${/-X (\w+)/.exec(line)?.[1] ?? 'GET'} ${path}`];
    });
    for (const { method, path } of ROUTES) {
      const pattern = new RegExp(`^${method} ${path.replace(/:\w+/g, '[^/]+')}$`);
      expect(
        shown.find((line) => pattern.test(line)),
        `${method} ${path}`,
      ).toBeDefined();
    }
    expect(shown).toContain('GET /events');
  });

  it.skipIf(!curl)('work as they stand (curl)', async () => {
    const { url, token } = emulator.control as { url: string; token: string };
    const env = { ...process.env, ...TOKENS, API: url, CONTROL: token };
    const [failure, out, err] = await new Promise<[unknown, string, string]>((resolve) => {
      execFile('bash', ['-e', '-o', 'pipefail', '-c', script], { env }, (error, stdout, stderr) => resolve([error, stdout, stderr]));
    });
    expect(failure, `${out}${err}`).toBeNull();
    expect(out).toContain('"command":"message_ack"');
    expect(out).not.toContain('"error"');
  });
});
