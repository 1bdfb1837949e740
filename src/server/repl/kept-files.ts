/** Files that are never served to whoever asks: those that begin with a dot, and the logs (REPL 13.5). */

/** @param path decoded, from the root, with or without a leading slash */
export function isKept(path: string): boolean {
  return /(?:^|\/)\.|^\/?daebug(?:\/|\.md$|$)/i.test(path);
}
