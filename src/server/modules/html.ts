/** The module scripts of a page, and the page without them. Pure. */
import { readDirectives, scriptSources } from "../content-policy.ts";
import { scanTags } from "../html-tags.ts";

export interface ModuleScript {
  /** Where it stands in the HTML. */
  readonly start: number;
  readonly end: number;
  /** Address as written, entities decoded; absent when the script is inline. */
  readonly src?: string;
  /** Text of an inline script. */
  readonly code: string;
  readonly nonce?: string;
}

/** In document order. */
export function findModuleScripts(html: string): ModuleScript[] {
  const found: ModuleScript[] = [];
  /** Templates that are open: what stands in them does not run. */
  let templates = 0;
  for (const { name, isEnd, start, contentEnd, end, attributes } of scanTags(html)) {
    if (name === "template") templates = Math.max(0, templates + (isEnd ? -1 : 1));
    if (name !== "script" || isEnd || templates > 0) continue;
    if (attributes.get("type")?.trim().toLowerCase() !== "module") continue;
    const close = html.indexOf(">", contentEnd);
    const [src, nonce] = [attributes.get("src"), attributes.get("nonce")];
    found.push({
      start,
      end: close < 0 ? html.length : close + 1,
      code: html.slice(end, contentEnd),
      ...(src === undefined ? {} : { src: src.trim() }),
      ...(nonce === undefined ? {} : { nonce }),
    });
  }
  return found;
}

/** Removes the scripts, and puts `inserted` in the place of the last. */
export function replaceScripts(
  html: string,
  scripts: readonly ModuleScript[],
  inserted: string,
): string {
  let made = "";
  let at = 0;
  for (const script of scripts) {
    made += html.slice(at, script.start) + (script === scripts.at(-1) ? inserted : "");
    at = script.end;
  }
  return made + html.slice(at);
}

/**
 * Whether a content security policy lets scripts of the page's own origin run.
 * @param nonced whether our scripts get the nonce that the page's own have
 */
export function allowsOwnScripts(policy: string, nonced: boolean): boolean {
  const directives = readDirectives(policy);
  if (directives.has("require-trusted-types-for")) return false;
  const sources = scriptSources(directives)?.map((source) => source.toLowerCase());
  if (sources === undefined) return true;
  const strict = sources.includes("'strict-dynamic'");
  if (nonced && sources.some((source) => source.startsWith("'nonce-"))) return true;
  return !strict && sources.some((source) => /^(?:'self'|\*|https?:)$/.test(source));
}
