/**
 * Calls `onGone` when the process that started this one is no more, however it died: a supervisor gives each child
 * a pipe as stdin (and sets ROLLCALL_PARENT_LIFELINE=stdin); the system closes it when the supervisor ends.
 * Does nothing for a process started by hand.
 */
export function watchParentLifeline(lifeline: string | undefined, onGone: () => void): void {
  if (lifeline !== 'stdin') return;
  process.stdin.on('end', onGone);
  process.stdin.on('close', onGone);
  process.stdin.on('error', onGone);
  process.stdin.resume();
  process.stdin.unref();
}
