/** The reason of an abort that a person or a service manager asked for. */
export const ASKED = Symbol('asked to stop');

/** Aborted with `ASKED` at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function stopSignal(): AbortController {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Children end by themselves: their lifeline closes with this process.
      if (controller.signal.aborted) process.exit(1);
      controller.abort(ASKED);
    });
  }
  return controller;
}

/** Resolves when the signal is aborted. Keeps the process alive meanwhile. */
export async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const awake = setInterval(() => undefined, 3_600_000);
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  clearInterval(awake);
}
