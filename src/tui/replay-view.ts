/** A replay as it is prepared and watched. */
export interface ReplayLine {
  readonly row: number;
  readonly text: string;
  readonly outcome: 'pending' | 'same' | 'differs' | 'failed';
}

export interface ReplayState {
  /** Messages to send. */
  readonly rows: readonly number[];
  readonly target: string;
  readonly speed: string;
  readonly state: 'ready' | 'running' | 'paused' | 'done' | 'failed';
  readonly sent: number;
  readonly lines: readonly ReplayLine[];
  readonly error: string | undefined;
  readonly top: number;
  /** Option under the cursor: source, target, speed. */
  readonly cursor: number;
}
