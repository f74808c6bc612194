/** Courier sessions as conversations: feed commands, look at what the server says. */
import { fromHex } from '../../src/core/bytes.ts';
import { messageFields } from '../../src/emulator/courier/message-body.ts';
import type { Outlet } from '../../src/emulator/courier/outlet.ts';
import { CourierSession } from '../../src/emulator/courier/session.ts';
import { COURIER_DEFAULTS, type CourierSettings } from '../../src/emulator/courier/settings.ts';
import { type Plain, speechFor } from '../../src/emulator/courier/speech.ts';
import { FaultEngine } from '../../src/emulator/faults/engine.ts';
import { topicHash } from '../../src/emulator/push.ts';
import { type Core, core } from './emulator-core.ts';

export interface Said {
  readonly command: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Remembers what the session says; commands go through the real encoder, so that what it says can be said. */
export class Script implements Outlet {
  readonly said: Said[] = [];
  closed: string | undefined;
  wasReset = false;
  garbled = 0;
  private readonly speech = speechFor('apns-security-v3', 7, 'server');

  say(command: string, fields: Readonly<Record<string, Plain | undefined>>): void {
    this.speech.say(command, fields);
    this.said.push({ command, fields });
  }
  deliver: Outlet['deliver'] = (body, variant, one) => {
    this.said.push({ command: 'message', fields: messageFields(body, variant, one) as Said['fields'] });
  };
  close(why: string): void {
    this.closed = why;
  }
  reset(): void {
    this.wasReset = true;
  }
  garble(length: number): void {
    this.garbled = length;
  }
  /** What was said since the last time one asked. */
  take(): Said[] {
    return this.said.splice(0);
  }
  commands(): string[] {
    return this.take().map(({ command }) => command);
  }
}

export interface Play extends Core {
  readonly faults: FaultEngine;
  readonly settings: CourierSettings;
  open(facts?: Partial<ConstructorParameters<typeof CourierSession>[1]>): { session: CourierSession; script: Script };
}

/** Sessions without verification unless the settings say so. */
export function play(settings: Partial<CourierSettings> = {}): Play {
  const parts = core();
  const faults = new FaultEngine(parts.clock, parts.random, parts.events);
  const all: CourierSettings = { ...COURIER_DEFAULTS, verify: 'off', ...settings };
  let connections = 0;
  return {
    ...parts,
    faults,
    settings: all,
    open: (facts = {}) => {
      const script = new Script();
      const session = new CourierSession(
        { ...parts, faults, settings: all },
        { number: ++connections, address: '127.0.0.1', alpn: 'apns-security-v3', tlsIdentity: undefined, ios4: false, ...facts },
        script,
      );
      return { session, script };
    },
  };
}

export const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;
export const topic = (name: string): Uint8Array => hex(topicHash(name));
