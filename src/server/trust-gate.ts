/** The trust gate: every way to run code asks it first (E-01, E-02). Trust is given once and never taken back in a run. */
import { UserError } from "../protocol/errors.ts";

export interface TrustGate {
  readonly trusted: boolean;
  /** @param action what is about to happen, as the start of a sentence: "Running a block". @throws UserError `not_trusted`. */
  require(action: string): void;
  /** A deliberate act of the user. */
  grant(): void;
  /** The listener is called once, when trust is given; never if it was given before. @returns the way to stop listening. */
  onGrant(listener: () => void): () => void;
}

/** @param trusted what the editor, or the person at the command line, has said so far. */
export function createTrustGate(trusted: boolean): TrustGate {
  const listeners = new Set<() => void>();
  let isTrusted = trusted;
  return {
    get trusted() {
      return isTrusted;
    },
    require(action) {
      if (!isTrusted)
        throw new UserError(
          "not_trusted",
          `${action} needs a trusted workspace; trust this folder to go on`,
        );
    },
    grant() {
      isTrusted = true;
      for (const listener of listeners) {
        listeners.delete(listener);
        listener();
      }
    },
    onGrant(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
