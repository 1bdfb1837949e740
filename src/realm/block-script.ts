/**
 * Loads a compiled block as a classic script of the page's own origin: it works under a content policy without
 * `unsafe-eval` and has an address for breakpoints and stacks (decision 31).
 */
import type { RealmError, RunRequest } from "../protocol/realm.ts";
import { errorOf } from "./page-errors.ts";

export interface BlockScripts {
  load(request: RunRequest): void;
  /** Takes the parse error of a block that is being loaded; true when it was one. */
  claim(event: ErrorEvent): boolean;
  owns(element: Element): boolean;
}

/**
 * @param base address of the page's base
 * @param nonce the nonce of our own script element, empty when the page's policy needs none
 * @param fail called when a script was not loaded or not parsed; harmless when its block began
 */
export function createBlockScripts(
  base: URL,
  nonce: string,
  fail: (job: string, error: RealmError) => void,
): BlockScripts {
  const loading = new Map<string, { element: HTMLScriptElement; job: string }>();

  function settle(src: string, error: RealmError): void {
    const entry = loading.get(src);
    if (entry === undefined) return;
    loading.delete(src);
    entry.element.remove();
    fail(entry.job, error);
  }

  return {
    load(request) {
      const element = document.createElement("script");
      const src = new URL(request.script, base).href;
      loading.set(src, { element, job: request.job });
      element.async = false;
      if (nonce !== "") element.nonce = nonce;
      element.addEventListener("load", () =>
        settle(src, scriptError(`${src} did not run a block`)),
      );
      element.addEventListener("error", () => {
        const advice = "Check the page's content policy";
        settle(src, scriptError(`the block's script ${src} could not be loaded. ${advice}`));
      });
      try {
        element.src = src;
        (document.head ?? document.documentElement).append(element);
      } catch (error) {
        // A page may demand Trusted Types, or have taken its own document apart.
        settle(src, scriptError(`the page refused the block's script ${src}: ${String(error)}`));
      }
    },
    claim(event) {
      const entry = loading.get(event.filename);
      if (entry === undefined || !(event.error instanceof SyntaxError)) return false;
      settle(event.filename, errorOf(event));
      return true;
    },
    owns: (element) => [...loading.values()].some((entry) => entry.element === element),
  };
}

function scriptError(message: string): RealmError {
  return { name: "Error", message, stack: `Error: ${message}` };
}
