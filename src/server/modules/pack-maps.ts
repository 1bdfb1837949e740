/** Source maps of packs: made on demand, because most are never asked for. */
import path from "node:path";
import type { ViteDevServer } from "vite";
import type { Vite } from "../vite-host/main.ts";
import { positionIn, type Position } from "../vite-host/positions.ts";
import { locate, sectionsOf, type Pack } from "./pack.ts";
import { toRequest } from "./urls.ts";
import { runnerForm, type PackedModule, type RunnerResult } from "./wrap.ts";

type Map = Extract<NonNullable<RunnerResult["map"]>, { sources: unknown }>;

/** What DevTools ask for: an index map with one section per module. Dependencies have none. */
export async function indexMap(vite: Vite, pack: Pack): Promise<string> {
  const sections = await Promise.all(
    sectionsOf(pack).map(async ({ key, module, line }) => {
      const map = await mapOf(vite, key, module);
      return map === undefined ? [] : [{ offset: { line, column: 0 }, map: withPaths(map, key) }];
    }),
  );
  return JSON.stringify({ version: 3, sections: sections.flat() });
}

/**
 * @param line 1-based
 * @param column 1-based
 */
export async function mapPackPosition(
  { vite, server }: { readonly vite: Vite; readonly server: ViteDevServer },
  pack: Pack,
  line: number,
  column: number,
): Promise<Position | undefined> {
  const found = locate(pack, line - 1);
  if (found === undefined) return undefined;
  const { key, module } = found.section;
  const { moduleGraph } = server.environments.client;
  const node = await moduleGraph.getModuleByUrl(toRequest(key, server.config.base));
  const map = await mapOf(vite, key, module);
  if (node?.file == null || map === undefined) return undefined;
  return positionIn(map, node.file, found.line + 1, column);
}

async function mapOf(vite: Vite, key: string, module: PackedModule): Promise<Map | undefined> {
  if (module.result === undefined) return undefined;
  const { map } = await runnerForm(vite, module.result, key, true);
  return map !== null && map !== undefined && "sources" in map ? map : undefined;
}

/** Sources are named relative to their module; the map lies elsewhere. */
function withPaths(map: Map, key: string): object {
  const folder = path.posix.dirname(key.replace(/[?#].*$/, ""));
  const sources = map.sources.map((source) => path.posix.resolve(folder, source));
  return { ...map, sources };
}
