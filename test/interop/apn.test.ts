/** The last version of `apn` for the binary gateway, 1.7.8 of 2016, against gateway and feedback service. */
import type { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP, alerts, DEAD, GOOD, type Interop, interop, optionalPackage, UNKNOWN } from '../support/interop.ts';

interface Apn {
  Connection: new (options: object) => EventEmitter & { pushNotification(note: object, device: object): void; shutdown(): void };
  Notification: new () => { alert: string; expiry: number };
  Device: new (token: string) => object;
  Feedback: new (options: object) => EventEmitter & { start(): void; cancel(): void };
}

const apn = optionalPackage<Apn>('apn');

describe.skipIf(apn === undefined)('apn 1.7.8 (skipped when it is not installed)', () => {
  let lab: Interop;
  let credentials: object;
  beforeAll(async () => {
    lab = await interop();
    const { certificate, key } = await lab.emulator.lab.provider({ bundle: APP });
    credentials = { cert: certificate, key, ca: [lab.emulator.lab.authority.certificate], rejectUnauthorized: true };
  });
  afterAll(() => lab.stop());

  it('sees the rejection of an unknown token, and sends again what the gateway had discarded', async () => {
    const { Connection, Notification, Device } = apn as Apn;
    const connection = new Connection({ address: 'localhost', port: lab.emulator.ports.gateway, ...credentials });
    const errors: unknown[] = [];
    connection.on('transmissionError', (code) => errors.push(code));
    for (const [alert, token] of [
      ['one', GOOD],
      ['two', UNKNOWN],
      ['three', GOOD],
      ['four', GOOD],
    ]) {
      const note = new Notification();
      note.alert = alert;
      connection.pushNotification(note, new Device(token));
    }
    await lab.received(3);
    connection.shutdown();
    expect(errors[0]).toBe(8);
    expect(alerts(lab.messages)).toEqual(['one', 'three', 'four']);
    expect(lab.emulator.received({ server: 'gateway', reason: 'discarded' }).length).toBeGreaterThan(0);
  });

  it('reads dead tokens from the feedback service, once', async () => {
    const { Connection, Notification, Device, Feedback } = apn as Apn;
    const connection = new Connection({ address: 'localhost', port: lab.emulator.ports.gateway, ...credentials });
    const note = new Notification();
    note.alert = 'nobody';
    connection.pushNotification(note, new Device(DEAD));
    await lab.emulator.waitFor({ server: 'gateway', token: DEAD });
    connection.shutdown();
    const read = (): Promise<[number, string][]> =>
      new Promise((resolve) => {
        const feedback = new Feedback({
          address: 'localhost',
          feedback: 'localhost',
          port: lab.emulator.ports.feedback,
          interval: 0,
          batchFeedback: true,
          ...credentials,
        });
        feedback.on('feedback', (list: { time: number; device: { toString(): string } }[]) => {
          feedback.cancel();
          resolve(list.map(({ time, device }) => [time, device.toString()]));
        });
        feedback.start();
      });
    const [[time, token]] = await read();
    expect(token).toBe(DEAD);
    expect(Math.abs(time * 1000 - (Date.now() - 3_600_000))).toBeLessThan(60_000);
    expect(lab.emulator.feedback()).toEqual([]);
  });
});
