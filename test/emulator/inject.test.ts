import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Emulator, type Notification, startEmulator } from '../../src/emulator/index.ts';
import { LAB_DIRECTORY } from '../support/lab.ts';

let emulator: Emulator;
beforeAll(async () => {
  const ports = { courier: false, gateway: false, feedback: false, http2: false, control: false } as const;
  emulator = await startEmulator({ directory: LAB_DIRECTORY, ports });
});
afterAll(() => emulator.stop());

it('bursts share what is the same, and every change of a notification is its own', () => {
  const { token: to } = emulator.addDevice();
  const payload = Buffer.from('{}');
  const notification: { -readonly [K in keyof Notification]: Notification[K] } = { to, topic: 'com.example.app', payload };
  const inject = () => emulator.inject(notification)[0];
  const [first, again] = [inject(), inject()];
  expect(again.body).toBe(first.body);
  expect(again.id).not.toBe(first.id);
  notification.topic = 'com.example.other';
  expect(inject().body.topic).toBe('com.example.other');
  notification.expiry = 2_000_000_000;
  expect(inject().body.expiry).toBe(2_000_000_000);
  notification.collapseId = 'one';
  expect(inject().body.collapseId).toBe('one');
  expect(emulator.inject({ ...notification, priority: 5 })[0].body.priority).toBe(5);
  expect(emulator.inject({ ...notification, payload: Buffer.from('[]') })[0].body.payload).toEqual(Buffer.from('[]'));
});

it('gives every push of one call the same id, a UUID of version 4', () => {
  const tokens = [emulator.addDevice().token, emulator.addDevice().token];
  const [a, b] = emulator.inject({ to: tokens, topic: 'com.example.app', payload: {} });
  expect(a.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(b.id).toBe(a.id);
});

it('puts each push on record, so that its state can be waited for', async () => {
  const { token } = emulator.addDevice();
  const from = emulator.received().at(-1)?.number ?? 0;
  const [push] = emulator.inject({ to: token, topic: 'com.example.app', payload: 'one' });
  expect(await emulator.waitFor({ state: 'stored', id: push.id })).toMatchObject([
    { number: from + 1, server: 'control', command: 'inject', token, topic: 'com.example.app', status: -1, push: { state: 'stored' } },
  ]);
});
