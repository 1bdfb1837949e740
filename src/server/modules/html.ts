/** The module scripts of a page, and the page without them. Pure. */

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

/** Elements whose content holds no scripts that run: raw text, and inert or never shown markup. */
const opaque = /^(?:script|style|textarea|title|template|noscript|iframe|xmp)$/;
const tagStart = /<!--|<([a-z][^\s/>]*)/gi;
const attribute = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?|>/g;

/** In document order. */
export function findModuleScripts(html: string): ModuleScript[] {
  const found: ModuleScript[] = [];
  tagStart.lastIndex = 0;
  for (let match = tagStart.exec(html); match !== null; match = tagStart.exec(html)) {
    const name = match[1]?.toLowerCase();
    if (name === undefined) {
      tagStart.lastIndex = endOf(html, "-->", match.index);
      continue;
    }
    const { attributes, end } = readAttributes(html, tagStart.lastIndex);
    tagStart.lastIndex = end;
    if (!opaque.test(name)) continue;
    const close = new RegExp(`</${name}[\\s/>]`, "gi");
    close.lastIndex = end;
    const closing = close.exec(html)?.index ?? html.length;
    const after = endOf(html, ">", closing);
    tagStart.lastIndex = after;
    if (name !== "script" || attributes.get("type")?.trim().toLowerCase() !== "module") continue;
    const [src, nonce] = [attributes.get("src"), attributes.get("nonce")];
    found.push({
      start: match.index,
      end: after,
      code: html.slice(end, closing),
      ...(src === undefined ? {} : { src: src.trim() }),
      ...(nonce === undefined ? {} : { nonce }),
    });
  }
  return found;
}

function readAttributes(
  html: string,
  from: number,
): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>();
  attribute.lastIndex = from;
  for (let match = attribute.exec(html); match !== null; match = attribute.exec(html)) {
    const [, name, double, single, bare] = match;
    if (name === undefined) return { attributes, end: attribute.lastIndex };
    const key = name.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, decodeEntities(double ?? single ?? bare ?? ""));
  }
  return { attributes, end: html.length };
}

function endOf(html: string, text: string, from: number): number {
  const at = html.indexOf(text, from);
  return at === -1 ? html.length : at + text.length;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** Those that escaping an address makes. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    return String.fromCodePoint(
      decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal),
    );
  });
}

export function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
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
  const directives = new Map(
    policy.split(";").map((part) => {
      const [name = "", ...values] = part.trim().toLowerCase().split(/\s+/);
      return [name, values] as const;
    }),
  );
  if (directives.has("require-trusted-types-for")) return false;
  const sources =
    directives.get("script-src-elem") ??
    directives.get("script-src") ??
    directives.get("default-src");
  if (sources === undefined) return true;
  const strict = sources.includes("'strict-dynamic'");
  if (nonced && sources.some((source) => source.startsWith("'nonce-"))) return true;
  return !strict && sources.some((source) => /^(?:'self'|\*|https?:)$/.test(source));
}

/** The policies that a page states itself. */
export function policiesOf(html: string): string[] {
  const policies: string[] = [];
  for (const match of html.matchAll(/<meta\s/gi)) {
    const { attributes } = readAttributes(html, match.index + match[0].length);
    if (attributes.get("http-equiv")?.toLowerCase() === "content-security-policy")
      policies.push(attributes.get("content") ?? "");
  }
  return policies;
}
