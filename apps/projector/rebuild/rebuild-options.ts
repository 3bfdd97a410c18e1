export interface RebuildOptions {
  /** Compare with the live generation cell by cell instead of taking over from it. */
  readonly verify: boolean;
}

/** What `--rebuild [--verify]` asks for; null when the process is to project live. */
export function rebuildOptions(argv: readonly string[]): RebuildOptions | null {
  if (!argv.includes('--rebuild')) return null;
  return { verify: argv.includes('--verify') };
}
