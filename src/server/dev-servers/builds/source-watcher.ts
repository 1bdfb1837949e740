/** Watches the sources of a back end (dev-servers 4.2, decision A.1). */
import { watch, type FSWatcher } from "chokidar";
import { createSourceFilter, type SourceGlobs } from "./source-filter.ts";

export interface SourceWatcherOptions extends SourceGlobs {
  /** A source was made, written, renamed or deleted. Absolute path; the root when it is not known which. */
  changed(file: string): void;
  warned(message: string): void;
}

export interface SourceWatcher {
  /** Every folder is watched; what changes from now on is told. */
  readonly ready: Promise<void>;
  /** Nothing is told after this, also before it resolves. */
  close(): Promise<void>;
}

/** Ms between two looks at every file, where the system has no watches left. */
const pollMs = 1000;
const exhausted: ReadonlySet<unknown> = new Set(["ENOSPC", "EMFILE", "ENFILE"]);

export function watchSources(options: SourceWatcherOptions): SourceWatcher {
  const { root, include, changed, warned } = options;
  const filter = createSourceFilter(options);
  let isClosed = false;
  let isPolling = false;
  let isReady = false;
  let watcher: FSWatcher | undefined;
  let setReady: (() => void) | undefined;
  const ready = new Promise<void>((resolve) => {
    setReady = resolve;
  });
  const closing: Promise<void>[] = [];

  const open = (usePolling: boolean): void => {
    watcher = watch(root, {
      ignoreInitial: true,
      // A link to a folder above would be followed without end.
      followSymlinks: false,
      usePolling,
      interval: pollMs,
      binaryInterval: pollMs,
      ignored: (file, stats) => filter.isIgnored(file, kindOf(stats)),
    });
    watcher.on("all", (event, file) => {
      // Folders come and go with their files, which are told one by one.
      if (!isClosed && !event.endsWith("Dir") && filter.isSource(file)) changed(file);
    });
    watcher.on("error", onError);
    watcher.on("ready", () => {
      // What changed since the watches were gone was told by nobody.
      if (isPolling && isReady && !isClosed) changed(root);
      isReady = true;
      setReady?.();
    });
  };

  const onError = (error: unknown): void => {
    if (isClosed) return;
    const { code, message } = error as NodeJS.ErrnoException;
    if (!exhausted.has(code)) return warned(`Watching ${root} failed: ${message}`);
    // Each of many folders fails with the same error.
    if (isPolling) return;
    isPolling = true;
    warned(
      `The system has no file watches left (${String(code)}), so ${root} is looked at every ${pollMs / 1000} s. Raise fs.inotify.max_user_watches or the limit of open files`,
    );
    if (watcher !== undefined) closing.push(watcher.close());
    open(true);
  };

  if (include.length === 0) setReady?.();
  else open(false);
  return {
    ready,
    close: async () => {
      isClosed = true;
      setReady?.();
      if (watcher !== undefined) closing.push(watcher.close());
      await Promise.all(closing);
    },
  };
}

function kindOf(
  stats: { isFile(): boolean; isDirectory(): boolean } | undefined,
): "file" | "folder" | undefined {
  if (stats?.isDirectory() === true) return "folder";
  // A link is followed by whoever reads it: its name decides, as that of a file.
  return stats === undefined ? undefined : "file";
}
