/** What the runtime of a packed page offers to the scripts beside it. */
import type { RefreshTimers } from "./timers.ts";

export interface PackRuntime {
  /** The page's modules run as packs; otherwise it runs over HTTP. */
  started: boolean;
  readonly timers: RefreshTimers;
  /** As `import()` of a page module: the page's own instance. */
  import(url: string): Promise<object>;
  /** How many modules are registered. */
  size(): number;
  /** Called by each pack. */
  push(pack: readonly [hash: string, modules: object]): void;
}
