/** The modules that tests in pages and workers import, and where they are served below a public base (REPL 12.1). */
import MagicString from "magic-string";
import { parseSync } from "oxc-parser";

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

/**
 * Replaces the three specifiers by their addresses, for workers, which have no import maps. Everything else stays as it
 * is, and so does code that cannot be parsed: the browser says what is wrong with it.
 * @param name file name, whose ending says whether there is JSX or TypeScript in it
 */
export function withTestModules(code: string, name: string, base: string): string {
  // Most modules import none of them.
  if (!/node:(?:test|assert)/.test(code)) return code;
  const { module, errors } = parseSync(name, code, { sourceType: "module" });
  if (errors.length > 0) return code;
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) => moduleRequest),
  ];
  const text = new MagicString(code);
  for (const { start, end } of new Map(
    requests.map((request) => [request.start, request]),
  ).values()) {
    const literal = /^(["'`])(.*)\1$/s.exec(code.slice(start, end));
    const address = literal === null ? undefined : testModuleAddress(literal[2] ?? "", base);
    if (address !== undefined) text.overwrite(start, end, JSON.stringify(address));
  }
  return text.toString();
}
