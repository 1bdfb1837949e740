/** Import maps with our modules in them: ours first, what the page says wins (REPL 12.1). */
import { testModuleMap } from "./test-modules.ts";

/**
 * A map with our modules in front; all other keys of the page's map are kept.
 * @param base public base with a slash at both ends
 * @param defined specifiers that another map of the page defines
 * @returns undefined when the text is no import map: the browser refuses it, and so the page's own report stands
 */
export function mergeImportMap(
  text: string,
  base: string,
  defined: ReadonlySet<string> = new Set(),
): string | undefined {
  const map = parseObject(text);
  if (map === undefined) return undefined;
  const imports = map["imports"] ?? {};
  if (!isObject(imports)) return undefined;
  const ours = Object.entries(testModuleMap(base)).filter(([specifier]) => !defined.has(specifier));
  return JSON.stringify({ ...map, imports: { ...Object.fromEntries(ours), ...imports } }, null, 2);
}

/** The same for a served `.json` file; undefined when it is none with `imports` or `scopes` at its top. */
export function mergeImportMapJson(text: string, base = "/"): string | undefined {
  const map = parseObject(text);
  const isMap = map !== undefined && (isObject(map["imports"]) || isObject(map["scopes"]));
  return isMap ? mergeImportMap(text, base) : undefined;
}

/** The specifiers that an import map defines. */
export function definedBy(text: string): readonly string[] {
  const imports = parseObject(text)?.["imports"];
  return isObject(imports) ? Object.keys(imports) : [];
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, "").trim() || "{}");
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON, and so nothing that a browser would take.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
