/** What the caller's script learns: the contract's five exit codes. */
export const EXIT = {
  /** Yes, or done. */
  done: 0,
  failed: 1,
  /** The question was answered with no. */
  negative: 2,
  /** The thing asked about (KB, code, device, cohort) is not known. */
  notKnown: 3,
  /** The command was not understood (sysexits' EX_USAGE). */
  usage: 64,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with an exit code and one message for people: what happened and what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
