/** One import map for the test frame: ours, and above it what the page's own maps say. */

interface ImportMap {
  readonly imports?: Readonly<Record<string, string | null>>;
  readonly scopes?: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
  readonly integrity?: Readonly<Record<string, string>>;
}

/** What every test may import, below the public base. */
export function testModules(base: URL): Readonly<Record<string, string>> {
  const assert = new URL("-daebug-node:assert.js", base).href;
  return {
    "node:test": new URL("-daebug-node:test.js", base).href,
    "node:assert": assert,
    "node:assert/strict": assert,
  };
}

/** The maps of a document as one; of two that say something, the first is heard, as in the document itself. */
export async function mapForFrame(page: Document, base: URL): Promise<ImportMap> {
  const scripts = [...page.querySelectorAll<HTMLScriptElement>("script[type=importmap]")];
  const maps = await Promise.all(scripts.map((script) => readMap(script, page.baseURI)));
  const merged = { imports: {}, scopes: {} as Record<string, object>, integrity: {} };
  for (const map of maps.toReversed()) {
    Object.assign(merged.imports, map.imports);
    Object.assign(merged.integrity, map.integrity);
    for (const [scope, imports] of Object.entries(map.scopes ?? {}))
      merged.scopes[scope] = { ...merged.scopes[scope], ...imports };
  }
  return { ...merged, imports: { ...testModules(base), ...merged.imports } } as ImportMap;
}

async function readMap(script: HTMLScriptElement, baseUri: string): Promise<ImportMap> {
  try {
    const text = script.src === "" ? script.text : await (await fetch(script.src)).text();
    return absolute(JSON.parse(text) as ImportMap, script.src || baseUri);
  } catch {
    // The page itself could make nothing of it, either.
    return {};
  }
}

/** The frame stands at another address than the page. */
function absolute(
  { imports = {}, scopes = {}, integrity = {} }: ImportMap,
  from: string,
): ImportMap {
  return {
    imports: addresses(imports, from),
    scopes: Object.fromEntries(
      Object.entries(scopes).map(([scope, map]) => [
        new URL(scope, from).href,
        addresses(map, from),
      ]),
    ),
    integrity: Object.fromEntries(
      Object.entries(integrity).map(([url, hash]) => [absoluteUrl(url, from), hash]),
    ),
  };
}

function addresses(
  imports: Readonly<Record<string, string | null>>,
  from: string,
): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(imports).map(([specifier, address]) => [
      absoluteUrl(specifier, from),
      address === null ? null : absoluteUrl(address, from),
    ]),
  );
}

/** Only what looks like an address is one; the rest are names. */
function absoluteUrl(text: string, from: string): string {
  return /^(?:\/|\.\.?\/)/.test(text) ? new URL(text, from).href : text;
}
