/** Pure: the lines that keep logs out of a repository. */

const wanted = [
  { entry: "/daebug.md", covered: /^\/?daebug(?:\.md|\*|\.\*)$/ },
  { entry: "/daebug/", covered: /^\/?daebug(?:\*|\/|\/\*{1,2})?$/ },
] as const;

/** What has to be appended to a `.gitignore` so that it names registry and logs; empty when it does. */
export function missingIgnores(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const missing = wanted
    .filter(({ covered }) => !lines.some((line) => covered.test(line)))
    .map(({ entry }) => `${entry}\n`);
  if (missing.length === 0) return "";
  return (text === "" || text.endsWith("\n") ? "" : "\n") + missing.join("");
}
