import { describe, expect, it } from 'vitest';
import type { ControlClient } from '../../src/replay/control-client.ts';
import { Witness } from '../../src/replay/proof.ts';

/** An emulator's control API that gives these answers to `/status`, in turn, and these records. */
function control(statuses: readonly object[], records: readonly object[] = []): ControlClient {
  let n = 0;
  const get = async (path: string): Promise<unknown> => (path === '/status' ? statuses[Math.min(n++, statuses.length - 1)] : records);
  return { get } as unknown as ControlClient;
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the record of the target', () => {
  it('is compared by payload, JSON by its values, without what a gateway threw away', async () => {
    const witness = new Witness(
      control(
        [
          { received: 7, injected: 0, forgotten: 0 },
          { received: 10, injected: 0, forgotten: 0 },
        ],
        [{ payload: { aps: {} } }, { payload: { aps: {} }, reason: 'discarded' }, { payloadBase64: Buffer.from('x').toString('base64') }],
      ),
    );
    await witness.begin();
    witness.saw(bytes('{ "aps": {} }'));
    witness.saw(bytes('y'));
    expect(await witness.end()).toEqual({ sent: 2, received: 2, same: 1 });
  });

  it('is only counted when it no longer holds all of them', async () => {
    for (const [forgotten, same] of [
      [7, 0],
      [8, undefined],
    ] as const) {
      const witness = new Witness(
        control([
          { received: 7, injected: 0, forgotten: 0 },
          { received: 8, injected: 0, forgotten },
        ]),
      );
      await witness.begin();
      witness.saw(bytes('a'));
      expect(await witness.end()).toMatchObject({ sent: 1, same });
    }
  });

  it('counts injections alone where messages go over the control API', async () => {
    const witness = new Witness(
      control([
        { received: 7, injected: 3, forgotten: 0 },
        { received: 20, injected: 5, forgotten: 9 },
      ]),
      true,
    );
    await witness.begin();
    expect(await witness.end()).toEqual({ sent: 0, received: 2, same: undefined });
  });

  it('is asked of an emulator only', async () => {
    await expect(new Witness(control([{}])).begin()).rejects.toThrow('is not the control API of an emulator');
  });
});
