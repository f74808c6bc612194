/** `apns2`, which sends through undici. It knows port 443 only, so its pool is replaced by one to the emulator. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP, alerts, DEAD, GOOD, type Interop, interop, optionalPackage, UNKNOWN } from '../support/interop.ts';

interface Client {
  client: unknown;
  send(note: object): Promise<unknown>;
  sendMany(notes: readonly object[]): Promise<readonly (object | { error: { statusCode: number; reason: string } })[]>;
  close(): Promise<void>;
}
interface Apns2 {
  ApnsClient: new (options: object) => Client;
  Notification: new (token: string, options: object) => object;
}
interface Undici {
  Pool: new (origin: string, options: object) => { close(): Promise<void> };
}

const apns2 = optionalPackage<Apns2>('apns2');

describe.skipIf(apns2 === undefined)('apns2 (skipped when it is not installed)', () => {
  const { ApnsClient, Notification } = (apns2 ?? {}) as Apns2;
  let lab: Interop;
  let client: Client;
  beforeAll(async () => {
    lab = await interop();
    const { emulator } = lab;
    const { key, keyId, teamId } = emulator.signingKey;
    client = new ApnsClient({ team: teamId, keyId, signingKey: key, defaultTopic: APP, host: 'localhost', keepAlive: false });
    const require = createRequire(import.meta.url);
    const undici = createRequire(require.resolve('apns2'))('undici') as Undici;
    await (client.client as { close(): Promise<void> }).close();
    client.client = new undici.Pool(`https://localhost:${emulator.ports.http2}`, {
      allowH2: true,
      connections: 1,
      connect: { ca: emulator.lab.authority.certificate },
    });
  });
  afterAll(async () => {
    await client.close();
    await lab.stop();
  });

  it('delivers to the device, and is told of unknown and unregistered tokens', async () => {
    await client.send(new Notification(GOOD, { alert: 'hello' }));
    const failures = await Promise.all(
      [UNKNOWN, DEAD].map((token) =>
        client.send(new Notification(token, { alert: 'x' })).catch((error: unknown) => error as { statusCode: number; reason: string }),
      ),
    );
    expect(failures).toMatchObject([
      { statusCode: 400, reason: 'BadDeviceToken' },
      { statusCode: 410, reason: 'Unregistered' },
    ]);
    await lab.received(1);
    expect(alerts(lab.messages)).toEqual(['hello']);
  });
});
