/**
 * Resolves the imports of a block as Vite's import analysis would at this moment, so that the block gets the page's
 * current instance: optimised dependencies with their version, hot-updated modules with their time (decision 31).
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { ViteDevServer } from "vite";
import type { ResolvedImport } from "../../protocol/realm.ts";
import { testModuleAddress } from "../repl/test-modules.ts";

const scriptExtension =
  /\.(?:[cm]?[jt]sx?|vue|svelte|marko|astro|imba|mdx|css|less|sass|scss|styl|stylus|pcss|postcss|sss)$/;

/**
 * @param file absolute path of the document; relative specifiers resolve from its folder
 * @returns the address below the server's base, or why there is none
 */
export async function resolveImport(
  server: ViteDevServer,
  file: string,
  specifier: string,
): Promise<ResolvedImport> {
  const failed = (error: string): ResolvedImport => ({ specifier, url: "", interop: false, error });
  if (/^(?:https?|data|blob):/.test(specifier))
    return { specifier, url: specifier, interop: false };
  const testModule = testModuleAddress(specifier, server.config.base);
  if (testModule !== undefined) return { specifier, url: testModule, interop: false };
  if (specifier.startsWith("node:"))
    return failed(`${specifier} exists only in Node. Run the block with realm=node`);
  const client = server.environments?.client;
  const container = client?.pluginContainer ?? server.pluginContainer;
  let resolved = await container.resolveId(specifier, file);
  if (resolved === null || resolved === undefined) {
    return failed(
      `${JSON.stringify(specifier)} cannot be found from ${path.basename(file)}. Check the path, or install the package`,
    );
  }
  const dependency = optimised(server, resolved.id);
  if (dependency !== undefined && dependency.needsInterop === undefined) {
    // A package the page has not used yet: bundling it decides its form, and may give it another version.
    await dependency.processing;
    resolved = (await container.resolveId(specifier, file)) ?? resolved;
  }
  const interop =
    optimised(server, resolved.id)?.needsInterop ?? (await savedInterop(server, resolved.id));
  return { specifier, url: withTime(server, resolved.id, toUrl(server, resolved.id)), interop };
}

function toUrl(server: ViteDevServer, id: string): string {
  const { root } = server.config;
  const clean = withoutQuery(id);
  const query = scriptExtension.test(clean) || !path.isAbsolute(clean) ? "" : "import";
  const base = server.config.base.replace(/\/$/, "");
  if (id.startsWith(`${root}/`)) return withQuery(base + id.slice(root.length), query);
  if (path.isAbsolute(clean) && existsSync(clean))
    return withQuery(path.posix.join(base || "/", "/@fs/", id), query);
  if (id.startsWith("/")) return base + id;
  return `${base}/@id/${id.replace("\0", "__x00__")}`;
}

function withTime(server: ViteDevServer, id: string, url: string): string {
  const graph = server.environments?.client?.moduleGraph ?? server.moduleGraph;
  const time = graph.getModuleById(id)?.lastHMRTimestamp ?? 0;
  return time > 0 ? withQuery(url, `t=${time}`) : url;
}

function withQuery(url: string, query: string): string {
  if (query === "") return url;
  return url.includes("?") ? `${url}&${query}` : `${url}?${query}`;
}

interface Optimised {
  readonly file: string;
  readonly needsInterop?: boolean;
  readonly processing?: Promise<void>;
}

/** CommonJS packages come as one default export; import analysis unpacks it, and so must the realm. */
function optimised(server: ViteDevServer, id: string): Optimised | undefined {
  const metadata = server.environments?.client?.depsOptimizer?.metadata;
  if (metadata === undefined) return undefined;
  const known: Optimised[] = [
    ...Object.values(metadata.optimized),
    ...Object.values(metadata.discovered),
  ];
  return known.find((entry) => entry.file === withoutQuery(id));
}

/** Vite 5 shows its optimiser only by what it saved. */
async function savedInterop(server: ViteDevServer, id: string): Promise<boolean> {
  const saved = path.join(server.config.cacheDir, "deps", "_metadata.json");
  const file = withoutQuery(id);
  if (server.environments !== undefined || path.dirname(file) !== path.dirname(saved)) return false;
  const metadata = JSON.parse(await readFile(saved, "utf8")) as {
    optimized: Record<string, Optimised>;
  };
  return (
    Object.values(metadata.optimized).find(
      (entry) => path.resolve(path.dirname(saved), entry.file) === file,
    )?.needsInterop ?? false
  );
}

function withoutQuery(id: string): string {
  return id.replace(/[?#].*$/, "");
}
