/** Exit codes of the program, documented in the README. */
export const EXIT = { ok: 0, failed: 1, usage: 2, matched: 3, bug: 70 } as const;

/**
 * The user's or the machine's fault, told in one sentence: what, where, what to do.
 * The command line prints `message` without a stack and exits with `exit`.
 */
export class UserError extends Error {
  readonly code: string;
  readonly exit: number;

  constructor(code: string, message: string, exit: number = EXIT.failed) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.exit = exit;
  }
}
