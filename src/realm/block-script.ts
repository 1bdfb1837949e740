/**
 * Runs a compiled block as a classic script of the page's own origin: it works under a content policy without
 * `unsafe-eval` and has an address for breakpoints and stacks (decision 31). Where the page is known to allow inline scripts the
 * text runs at once, under that same address; loading it would cost a way to the server and back, and more than the rest.
 */
import type { RealmError, RunRequest } from "../protocol/realm.ts";
import { errorOf } from "./page-errors.ts";

export interface BlockScripts {
  load(request: RunRequest): void;
  /** Takes the parse error of a block that is being loaded; true when it was one. */
  claim(event: ErrorEvent): boolean;
  owns(element: Element): boolean;
}

export interface BlockScriptsOptions {
  /** Address of the page's base. */
  readonly base: URL;
  /** The nonce of our own script element, empty when the page's policy needs none. */
  readonly nonce: string;
  /** Whether the page's policy is known to allow inline scripts. */
  readonly isInline: boolean;
  /** Whether a job waits for its script. */
  waits(job: string): boolean;
  /** Called when a script was not loaded or not parsed; harmless when its block began. */
  fail(job: string, error: RealmError): void;
}

export function createBlockScripts(options: BlockScriptsOptions): BlockScripts {
  const { base, nonce, waits, fail } = options;
  let { isInline } = options;
  const loading = new Map<string, { element: HTMLScriptElement; job: string }>();

  function settle(src: string, error: RealmError): void {
    const entry = loading.get(src);
    if (entry === undefined) return;
    loading.delete(src);
    entry.element.remove();
    fail(entry.job, error);
  }

  function begin({ job, script }: RunRequest): { src: string; element: HTMLScriptElement } {
    const element = document.createElement("script");
    const src = new URL(script, base).href;
    loading.set(src, { element, job });
    element.async = false;
    if (nonce !== "") element.nonce = nonce;
    return { src, element };
  }

  /** Nothing has run when the page has another policy than its HTML says. */
  function runInline(request: RunRequest): void {
    const { src, element } = begin(request);
    try {
      element.text = `${request.code}\n//# sourceURL=${src}\n//# sourceMappingURL=${src}.map`;
      insert(element);
    } catch {
      // A page may demand Trusted Types, or have taken its own document apart.
    }
    element.remove();
    loading.delete(src);
    isInline = !waits(request.job);
  }

  return {
    load(request) {
      if (isInline) runInline(request);
      if (isInline) return;
      const { src, element } = begin(request);
      element.addEventListener("load", () =>
        settle(src, scriptError(`${src} did not run a block`)),
      );
      element.addEventListener("error", () => {
        const advice = "Check the page's content policy";
        settle(src, scriptError(`the block's script ${src} could not be loaded. ${advice}`));
      });
      try {
        element.src = src;
        insert(element);
      } catch (error) {
        // The same reasons.
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

function insert(element: HTMLScriptElement): void {
  (document.head ?? document.documentElement).append(element);
}

function scriptError(message: string): RealmError {
  return { name: "Error", message, stack: `Error: ${message}` };
}
