/** Errors that nobody caught and rejections that nobody handled: they fail the test that runs. */

export interface Faults {
  /** Waits for work; throws the first fault that happens meanwhile. */
  during<Value>(work: Promise<Value>): Promise<Value>;
  stop(): void;
}

export function listenForFaults(): Faults {
  const waiting = new Set<(error: unknown) => void>();

  const report = (event: Event, error: unknown): void => {
    // Between tests nobody can be blamed: the browser's own report stands.
    const innermost = [...waiting].at(-1);
    if (innermost === undefined) return;
    event.preventDefault();
    innermost(error);
  };
  const onError = (event: Event): void => {
    const { error, message } = event as ErrorEvent;
    report(event, error ?? new Error(message));
  };
  const onRejection = (event: Event): void =>
    report(event, (event as PromiseRejectionEvent).reason);

  globalThis.addEventListener?.("error", onError);
  globalThis.addEventListener?.("unhandledrejection", onRejection);
  return {
    async during(work) {
      let stop: ((error: unknown) => void) | undefined;
      const fault = new Promise<never>((_resolve, reject) => waiting.add((stop = reject)));
      try {
        return await Promise.race([work, fault]);
      } finally {
        if (stop !== undefined) waiting.delete(stop);
      }
    },
    stop() {
      globalThis.removeEventListener?.("error", onError);
      globalThis.removeEventListener?.("unhandledrejection", onRejection);
    },
  };
}
