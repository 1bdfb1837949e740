/** Waits for the user to mend what kept a project from starting. */
import { watch } from "node:fs";

const telling =
  /^(vite\.config\.\w+|package\.json|index\.html|node_modules|svelte\.config\.\w+|tsconfig\.json|\.env.*)$/;

/** Calls when a file changes that may have been the cause. The failed process does not watch any more. */
export function watchForCorrection(root: string, changed: () => void): { close(): void } {
  try {
    const watcher = watch(root, (_type, name) => {
      if (name !== null && telling.test(name)) changed();
    });
    // A removed folder ends the watch; restarting by hand still works.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    // The folder is gone or cannot be watched: the user restarts by hand.
    return { close() {} };
  }
}
