/** Runs test files in a hidden frame of the page's own origin, so that each run has a world of its own. */
import { mapForFrame } from "./import-maps.ts";
import type { Outcome } from "./outcomes.ts";
import { base } from "./place.ts";

/** Name of the global by which the page starts the runner in its frame. */
export const RUN_GLOBAL = "__daebugRunTests";

export interface FrameRun {
  readonly files: readonly string[];
  readonly names: readonly string[] | undefined;
  emit(outcome: Outcome): void;
}

type FrameWindow = Window &
  typeof globalThis & { [RUN_GLOBAL]?: (request: object) => Promise<unknown> };

/** @param signal when it is aborted the frame is taken away, whatever runs in it. */
export async function runInFrame(request: FrameRun, signal: AbortSignal): Promise<void> {
  const frame = createFrame();
  try {
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([runIn(frame, request), stopped]);
  } finally {
    frame.remove();
  }
}

async function runIn(frame: HTMLIFrameElement, request: FrameRun): Promise<void> {
  await loaded(frame, () => document.documentElement.append(frame));
  const inside = frame.contentWindow as FrameWindow | null;
  if (!inside || frame.contentDocument === null)
    throw new Error("the test frame could not be loaded. Check the page's content policy");
  // Only a test, or what it imports, can load the frame again, and nothing of the run is left then.
  const lost = new Promise<never>((_resolve, reject) => {
    frame.addEventListener("load", () => reject(new Error("a test made its frame load again")));
  });
  provideGlobals(inside);
  const map = inside.document.createElement("script");
  map.type = "importmap";
  map.text = JSON.stringify(await mapForFrame(document, base));
  inside.document.head.append(map);
  const runner = inside.document.createElement("script");
  runner.type = "module";
  runner.src = new URL("-daebug-node:test.js", base).href;
  await loaded(runner, () => inside.document.head.append(runner));

  const run = inside[RUN_GLOBAL];
  if (run === undefined) throw new Error("the test frame could not be prepared");
  // As text: objects of a frame that is gone are of little use.
  const emit = (text: string): void => request.emit(JSON.parse(text) as Outcome);
  await Promise.race([run({ files: request.files, names: request.names, emitText: emit }), lost]);
}

function createFrame(): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.src = new URL("-daebug-iframe.html", base).href;
  frame.title = "Tests";
  frame.ariaHidden = "true";
  frame.tabIndex = -1;
  // Out of sight, and yet laid out and drawn: nothing would be measured or animated in a frame that is not.
  frame.style.cssText =
    "position:fixed;left:0;top:0;width:1024px;height:768px;border:0;opacity:0;z-index:-2147483648;pointer-events:none";
  return frame;
}

function loaded(element: HTMLElement & { src: string }, begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    element.addEventListener("load", () => resolve(), { once: true });
    const failed = (): void => reject(new Error(`${element.src} could not be loaded`));
    element.addEventListener("error", failed, { once: true });
    begin();
  });
}

/** What code written for Node looks for, and the page's own console, so that a test's lines are heard like the page's. */
function provideGlobals(inside: FrameWindow): void {
  const later = (fn: (...args: unknown[]) => void, ...args: unknown[]): number =>
    inside.setTimeout(() => fn(...args));
  Object.assign(inside, {
    global: inside,
    console,
    process: {
      env: {},
      argv: [],
      nextTick: (fn: (...args: unknown[]) => void, ...args: unknown[]): void =>
        inside.queueMicrotask(() => fn(...args)),
    },
    setImmediate: later,
    clearImmediate: (id: number): void => inside.clearTimeout(id),
    Buffer: { isBuffer: () => false },
  });
  if ("$RefreshReg$" in window) {
    // React components of a Vite project look for what its page prepares, and refuse to load without.
    Object.assign(inside, { $RefreshReg$() {}, $RefreshSig$: () => (type: unknown) => type });
  }
}
