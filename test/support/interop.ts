/** An emulator for third-party clients: three tokens (good, dead, unknown) and a connected device behind the good one. */
import { createRequire } from 'node:module';
import { connectDevice, type DeviceConnection } from '../../src/emulator/device/connection.ts';
import type { DeviceMessage } from '../../src/emulator/device/peer.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts';
import { LAB_DIRECTORY } from './lab.ts';

export const APP = 'com.example.app';
export const GOOD = 'ab'.repeat(32);
export const DEAD = 'de'.repeat(32);
export const UNKNOWN = 'cd'.repeat(32);

export interface Interop {
  readonly emulator: Emulator;
  readonly device: DeviceConnection;
  /** What the device received. */
  readonly messages: DeviceMessage[];
  /** Resolves when the device has received so many messages in all. */
  received(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function interop(options: EmulatorOptions = {}): Promise<Interop> {
  const emulator = await startEmulator({ directory: LAB_DIRECTORY, ...options });
  emulator.addDevice({ token: DEAD });
  emulator.setTokenState(DEAD, 'unregistered', Date.now() - 3_600_000);
  const messages: DeviceMessage[] = [];
  const waiting = new Set<() => void>();
  const filtered = new Promise<void>((resolve) => {
    emulator.on((event) => {
      if (event.kind === 'filter') resolve();
    });
  });
  const device = await connectDevice({
    port: emulator.ports.courier as number,
    token: GOOD,
    topics: [APP],
    identity: await emulator.lab.device('phone'),
    ca: emulator.lab.authority.certificate,
    onEvent: (event) => {
      if (event.kind !== 'message') return;
      messages.push(event.message);
      for (const look of waiting) look();
    },
    ...(options.plaintext === undefined ? {} : { plaintext: options.plaintext }),
  });
  await filtered;
  return {
    emulator,
    device,
    messages,
    received: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (messages.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    stop: async () => {
      device.destroy();
      await emulator.stop();
    },
  };
}

/** The alert texts that the device saw, in order. */
export function alerts(messages: readonly DeviceMessage[]): unknown[] {
  return messages.map(({ payload }) => (JSON.parse(Buffer.from(payload).toString()) as { aps: { alert: unknown } }).aps.alert);
}

/** A package that may be missing where only the product is installed. */
export function optionalPackage<T>(name: string): T | undefined {
  try {
    return createRequire(import.meta.url)(name) as T;
  } catch {
    return undefined;
  }
}
