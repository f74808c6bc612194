/** A running emulator as it is watched through its control API. */
export interface EmulatorEventLine {
  readonly time: string;
  readonly server: string;
  readonly text: string;
  readonly bad: boolean;
}

export interface EmulatorState {
  readonly address: string;
  readonly connected: boolean;
  readonly error: string | undefined;
  /** Lines of `GET /status`, name and value. */
  readonly status: readonly (readonly [string, string])[];
  readonly events: readonly EmulatorEventLine[];
  readonly top: number;
  readonly follow: boolean;
  readonly paused: boolean;
}

/** Events that are kept; older ones are dropped. */
export const EVENT_LIMIT = 5000;

export const emulatorState = (address: string): EmulatorState => ({
  address,
  connected: false,
  error: undefined,
  status: [],
  events: [],
  top: 0,
  follow: true,
  paused: false,
});
