/** The evaluator of a page or worker: modules come from its own origin, results leave by its channel. */
import type { FromRealm } from "../protocol/realm.ts";
import type { ConsoleFeed } from "./console-feed.ts";
import { createEvaluator, type Evaluator } from "./evaluate.ts";
import type { PageImports } from "./page-imports.ts";

export interface BrowserEvaluatorParts {
  readonly feed: ConsoleFeed;
  readonly imports: PageImports;
  send(message: FromRealm): void;
}

export function createBrowserEvaluator({ feed, imports, send }: BrowserEvaluatorParts): Evaluator {
  return createEvaluator({
    send(message) {
      // Lines of a run arrive before its end.
      if (message.type === "finished") feed.flush();
      send(message);
    },
    load: imports.load,
    meta: () => ({ url: location.href }),
  });
}
