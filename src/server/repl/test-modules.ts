/** The modules that tests in pages and workers import, and where they are served below a public base (REPL 12.1). */

const files: Readonly<Record<string, string>> = {
  "node:test": "-daebug-node:test.js",
  "node:assert": "-daebug-node:assert.js",
  "node:assert/strict": "-daebug-node:assert.js",
};

/**
 * The address of `node:test`, `node:assert` or `node:assert/strict`; undefined for every other specifier.
 * @param base public base with a slash at both ends
 */
export function testModuleAddress(specifier: string, base: string): string | undefined {
  return Object.hasOwn(files, specifier) ? `${base}${files[specifier]}` : undefined;
}

/** Specifier → address of all three. */
export function testModuleMap(base: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, base + file]));
}
