/** How the emulated courier behaves where Apple's server is unknown or a tester wants something else. */
export interface CourierSettings {
  /**
   * Certificate, nonce and signature of a Connect. `require`: clients with ALPN v3 or pack must send them; `present`: checked when sent;
   * `off`: not looked at (captured Connects hold old nonces).
   */
  readonly verify: 'require' | 'present' | 'off';
  /** Send NoStorage to a device for which nothing is stored, after its first filter. */
  readonly noStorage: boolean;
  /** Largest message, and largest of topics that may send large ones: ConnectResponse fields 4 and 8. */
  readonly messageSize: number;
  readonly largeMessageSize: number;
  /** ConnectResponse field 6. */
  readonly capabilities: number;
  /** ConnectResponse fields 16 to 18, minutes; sent to clients of protocol version 12 and later. */
  readonly keepAliveMinutes: { readonly min: number; readonly expected: number; readonly max: number };
  /** A connection that is silent for so long is closed. */
  readonly idleTimeoutMs: number;
  /** Time for the first Connect, and for the first filter after it: real servers drop clients that send none. */
  readonly setupTimeoutMs: number;
  /** Put the push id into field 24 of messages, so that a delivery can be told by its apns-id. */
  readonly correlation: boolean;
}

export const COURIER_DEFAULTS: CourierSettings = {
  verify: 'require',
  noStorage: true,
  messageSize: 0x1000,
  largeMessageSize: 0x3c00,
  // Filter optimization: devices then send a version with their filter, which is answered.
  capabilities: 4,
  keepAliveMinutes: { min: 5, expected: 15, max: 30 },
  idleTimeoutMs: 45 * 60_000,
  setupTimeoutMs: 30_000,
  correlation: false,
};
