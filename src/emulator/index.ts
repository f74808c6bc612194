/** The emulator as a library: `import { startEmulator } from 'apns-inspect/emulator'`. */
export type { Identity } from './certificates/identity.ts';
export { Lab, stateDirectory } from './certificates/lab.ts';
export type { DeviceOptions, Notification } from './controls.ts';
export { type Emulator, startEmulator } from './emulator.ts';
export type { EmulatorEvent, EventKind, ServerName } from './event.ts';
export { type Action, parseRules, type Rule, type When } from './faults/rule.ts';
export { signProviderToken } from './http2/provider-token.ts';
export type { Received, ReceivedQuery } from './journal.ts';
export { type EmulatorOptions, type KeyOptions, USUAL_PORTS } from './options.ts';
export type { Push, PushState } from './push.ts';
export type { Device, Token, TokenState } from './registry.ts';
