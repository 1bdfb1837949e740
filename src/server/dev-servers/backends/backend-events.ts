import type { BuildError } from "../../../protocol/dev-server.ts";
import type { BackendLine } from "../builds/build-output.ts";

/** What a back end tells, in the orders of dev-servers section 8. */
export interface BackendEvents {
  /** `facts()` are new ones. */
  changed(): void;
  logged(line: BackendLine): void;
  /** Those of the newest build; an empty list clears. `facts()` hold them already. */
  errors(errors: readonly BuildError[]): void;
  reloadStarted(generation: number): void;
  /** @param duration ms */
  reloadCompleted(generation: number, duration: number): void;
  reloadFailed(generation: number, error: string): void;
}

/** A stopped back end tells nothing, whatever still ends in the background. */
export function whileAlive(events: BackendEvents, signal: AbortSignal): BackendEvents {
  const alive = (): boolean => !signal.aborted;
  return {
    changed: () => alive() && events.changed(),
    logged: (line) => alive() && events.logged(line),
    errors: (errors) => alive() && events.errors(errors),
    reloadStarted: (generation) => alive() && events.reloadStarted(generation),
    reloadCompleted: (generation, ms) => alive() && events.reloadCompleted(generation, ms),
    reloadFailed: (generation, error) => alive() && events.reloadFailed(generation, error),
  };
}
