/** Modules as workers need them, which have no import maps (REPL 12.1). Apart from the addresses, because it parses. */
import MagicString from "magic-string";
import { parseSync } from "oxc-parser";
import { testModuleAddress } from "./test-modules.ts";

/**
 * Replaces the specifiers of our test modules by their addresses. Everything else stays as it is, and so does code that
 * cannot be parsed: the browser says what is wrong with it.
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
