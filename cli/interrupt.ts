/** npm sends on the Ctrl-C that the terminal has sent to everyone: within so long, two are one. */
const sameKeyMs = 500;

/**
 * A signal that is aborted by the first Ctrl-C (or SIGTERM, SIGHUP), after `told`. A second Ctrl-C ends the process
 * at once.
 */
export function onInterrupt(told: () => void): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  let first = 0;
  const interrupted = () => {
    if (first === 0) {
      first = Date.now();
      told();
      controller.abort();
    } else if (Date.now() - first > sameKeyMs) {
      process.exit(130);
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupted);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, interrupted);
    },
  };
}
