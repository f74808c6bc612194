/** `@parse/node-apn`: pushes by token and by certificate, channels and broadcasts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP, alerts, DEAD, GOOD, type Interop, interop, optionalPackage, UNKNOWN } from '../support/interop.ts';

interface Failure {
  readonly device: string;
  readonly status?: number;
  readonly response?: { readonly reason: string; readonly timestamp?: number };
}
interface Results {
  readonly sent: readonly { readonly device: string }[];
  readonly failed: readonly Failure[];
}
interface Note {
  topic: string;
  alert: string;
  expiry: number;
  priority: number;
  pushType: string;
  channelId: string;
  payload: object;
  rawPayload: object;
}
interface Provider {
  send(note: Note, devices: string | readonly string[]): Promise<Results>;
  manageChannels(
    note: Note,
    bundle: string,
    action: string,
  ): Promise<{ sent: Record<string, unknown>[]; failed: Record<string, unknown>[] }>;
  broadcast(note: Note, bundle: string): Promise<{ sent: Record<string, unknown>[]; failed: Record<string, unknown>[] }>;
  shutdown(done?: () => void): Promise<void>;
}
interface NodeApn {
  Provider: new (options: object) => Provider;
  Notification: new (payload?: object) => Note;
}

const apn = optionalPackage<NodeApn>('@parse/node-apn');

describe.skipIf(apn === undefined)('@parse/node-apn (skipped when it is not installed)', () => {
  const { Provider, Notification } = (apn ?? {}) as NodeApn;
  let lab: Interop;
  let byToken: Provider;
  beforeAll(async () => {
    lab = await interop();
    const { emulator } = lab;
    const { key, keyId, teamId } = emulator.signingKey;
    byToken = new Provider({
      token: { key, keyId, teamId },
      address: 'localhost',
      port: emulator.ports.http2,
      manageChannelsAddress: 'localhost',
      manageChannelsPort: emulator.ports.http2,
      ca: emulator.lab.authority.certificate,
      production: false,
    });
  });
  afterAll(async () => {
    await byToken.shutdown();
    await lab.stop();
  });

  function note(alert: string): Note {
    const made = new Notification();
    made.topic = APP;
    made.alert = alert;
    made.pushType = 'alert';
    return made;
  }

  it('delivers to the device, and is told of unknown and unregistered tokens', async () => {
    const { sent, failed } = await byToken.send(note('hello'), [GOOD, UNKNOWN, DEAD]);
    expect(sent.map(({ device }) => device)).toEqual([GOOD]);
    const answers = new Map(failed.map(({ device, status, response }) => [device, [status, response?.reason]]));
    expect(answers).toEqual(
      new Map([
        [UNKNOWN, [400, 'BadDeviceToken']],
        [DEAD, [410, 'Unregistered']],
      ]),
    );
    const timestamp = failed.find(({ device }) => device === DEAD)?.response?.timestamp ?? 0;
    expect(Math.abs(timestamp - (Date.now() - 3_600_000))).toBeLessThan(60_000);
    await lab.received(1);
    expect(alerts(lab.messages)).toEqual(['hello']);
    expect(lab.messages[0]).toMatchObject({ topic: APP, priority: 10 });
  });

  it('sends with a certificate', async () => {
    const { certificate, key } = await lab.emulator.lab.provider({ bundle: APP });
    const provider = new Provider({
      cert: certificate,
      key,
      address: 'localhost',
      port: lab.emulator.ports.http2,
      ca: lab.emulator.lab.authority.certificate,
      production: false,
    });
    const before = lab.messages.length;
    expect((await provider.send(note('by certificate'), GOOD)).sent).toHaveLength(1);
    await lab.received(before + 1);
    const other = note('not mine');
    other.topic = 'com.example.other';
    expect((await provider.send(other, GOOD)).failed[0].response?.reason).toBe('TopicDisallowed');
    await provider.shutdown();
  });

  it('makes, reads, lists and deletes channels, and broadcasts to them', async () => {
    const wish = new Notification();
    wish.rawPayload = { 'message-storage-policy': 1, 'push-type': 'LiveActivity' };
    const created = await byToken.manageChannels(wish, APP, 'create');
    const id = created.sent[0]['apns-channel-id'] as string;
    expect(id).toHaveLength(24);

    const about = new Notification();
    about.channelId = id;
    expect(await byToken.manageChannels(about, APP, 'read')).toMatchObject({
      sent: [{ 'message-storage-policy': 1, 'push-type': 'LiveActivity' }],
    });
    expect(await byToken.manageChannels(new Notification(), APP, 'readAll')).toMatchObject({ sent: [{ channels: [id] }] });

    const update = new Notification();
    update.channelId = id;
    update.pushType = 'liveactivity';
    update.expiry = Math.floor(Date.now() / 1000) + 3600;
    update.priority = 10;
    update.rawPayload = { aps: { event: 'update', 'content-state': { score: 1 }, timestamp: 1 } };
    expect((await byToken.broadcast(update, APP)).failed).toEqual([]);
    expect(lab.emulator.received({ command: 'broadcast' })).toMatchObject([{ status: 200 }]);

    expect((await byToken.manageChannels(about, APP, 'delete')).failed).toEqual([]);
    const late = await byToken.broadcast(update, APP);
    expect(late.failed).toMatchObject([{ response: { reason: 'ChannelNotRegistered' } }]);
  });
});
