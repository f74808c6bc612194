import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { MAX_SUBSCRIPTIONS } from '../../../src/emulator/courier/pub-sub.ts';
import { type CourierSession, MAX_USERS } from '../../../src/emulator/courier/session.ts';
import { writeSubscription } from '../../../src/emulator/courier/subscription.ts';
import { MAX_REMOVED, MAX_SCOPED } from '../../../src/emulator/registry.ts';
import { hex, type Play, play, type Script } from '../../support/courier-play.ts';

const TOKEN = 'ab'.repeat(32);
const APP = 'com.example.app';

function connected(p: Play): { session: CourierSession; script: Script } {
  const { session, script } = p.open();
  session.hear({ command: 'connect', fields: { token: hex(TOKEN), state: 1, protocol_version: 12 } });
  script.take();
  return { session, script };
}

describe('a client that asks for more and more', () => {
  it('is refused when it brings more devices than a connection may have', () => {
    const p = play();
    const { session, script } = connected(p);
    const connect = (n: number): void =>
      session.hear({ command: 'connect', fields: { token: hex(n.toString(16).padStart(64, '0')), state: 1, protocol_version: 12 } });
    for (let n = 1; n < MAX_USERS; n++) connect(n);
    expect(script.take().every(({ fields }) => fields['status'] === 0)).toBe(true);
    connect(1);
    expect(script.take()).toMatchObject([{ fields: { status: 0 } }]);
    connect(MAX_USERS);
    expect(script.take()).toMatchObject([{ command: 'connect_response', fields: { status: 2 } }]);
    expect(p.registry.devices.size).toBe(MAX_USERS);
  });

  it('gets no more scoped tokens and channels, and its dropped topics are forgotten, oldest first', () => {
    const p = play();
    const { session, script } = connected(p);
    const hash = (n: number): Uint8Array => hex(n.toString(16).padStart(40, '0'));
    for (let n = 0; n <= MAX_SCOPED; n++)
      session.hear({ command: 'app_token_generate', fields: { topic: hash(n), base_token: hex(TOKEN) } });
    const answers = script.take().map(({ fields }) => fields['status']);
    expect([answers.length, answers.indexOf(3)]).toEqual([MAX_SCOPED + 1, MAX_SCOPED]);

    for (let round = 0; round < 3; round++) {
      const wishes = Array.from({ length: 2_000 }, (_, n) => ({
        topic: APP,
        channel: Buffer.from(`${round}.${n}`.padEnd(16)).toString('base64'),
        last: 0n,
        drop: false,
      }));
      session.hear({ command: 'pub_sub_channel_list', fields: { id: round, payload: writeSubscription({ wishes, replace: false }) } });
    }
    const device = p.registry.device(TOKEN);
    expect(device?.subscriptions?.size).toBe(MAX_SUBSCRIPTIONS);

    for (let round = 0; round < 3; round++)
      session.hear({
        command: 'filter',
        fields: { token: hex(TOKEN), enabled: Array.from({ length: 6_000 }, (_, n) => hash(round * 6_000 + n)) },
      });
    expect(device?.removed?.size).toBe(MAX_REMOVED);
    expect(device?.removed?.has(toHex(hash(0)))).toBe(false);
    expect(device?.removed?.has(toHex(hash(11_999)))).toBe(true);
  });
});
