/** Continuous runs: files below the roots that change run the tests again, until the run is taken back. */
import path from "node:path";
import * as vscode from "vscode";

/** A save, a formatter's second save and the hot update of the page are one change. */
const quietMs = 300;

const sources = "**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx,vue,svelte,css,html,json}";
const foreign = /[\\/](?:node_modules|\.git|dist|build|coverage|daebug)[\\/]/;

export interface ContinuousOptions {
  readonly roots: readonly string[];
  /** Runs again because of these files, absolute. Never called while an earlier call has not ended. */
  readonly run: (changed: ReadonlySet<string>) => Promise<void>;
  readonly token: vscode.CancellationToken;
}

export function runContinuously({ roots, run, token }: ContinuousOptions): void {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isRunning = false;
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void again(), quietMs);
  };
  const again = async (): Promise<void> => {
    if (isRunning || changed.size === 0 || token.isCancellationRequested) return;
    isRunning = true;
    const files = new Set(changed);
    changed.clear();
    try {
      await run(files);
    } finally {
      isRunning = false;
      if (changed.size > 0) later();
    }
  };
  const note = ({ fsPath }: vscode.Uri): void => {
    const isForeign = roots.every((root) => foreign.test(`/${path.relative(root, fsPath)}`));
    if (isForeign) return;
    changed.add(fsPath);
    later();
  };
  const watchers = roots.flatMap((root) => {
    const pattern = new vscode.RelativePattern(root, sources);
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    return [
      watcher,
      watcher.onDidChange(note),
      watcher.onDidCreate(note),
      watcher.onDidDelete(note),
    ];
  });
  token.onCancellationRequested(() => {
    clearTimeout(timer);
    vscode.Disposable.from(...watchers).dispose();
  });
}
