/** Maps places in served modules back to the sources a person edits. */
import path from "node:path";
import { originalPositionFor, TraceMap, type SourceMapInput } from "@jridgewell/trace-mapping";
import type { ViteDevServer } from "vite";

export interface Position {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/**
 * @param url the module as the browser names it, with origin, base and queries
 * @param line 1-based
 * @param column 1-based
 * @returns undefined when the module is unknown
 */
export async function mapPosition(
  server: ViteDevServer,
  url: string,
  line: number,
  column: number,
): Promise<Position | undefined> {
  if (!URL.canParse(url)) return undefined;
  const { pathname, search } = new URL(url);
  const { base } = server.config;
  const query = search.replace(/[?&](?:t=\d+|import)(?=&|$)/g, "").replace(/^&/, "?");
  const local =
    decodeURI(pathname.startsWith(base) ? pathname.slice(base.length - 1) : pathname) + query;
  const graph = server.environments?.client?.moduleGraph ?? server.moduleGraph;
  const module = await graph.getModuleByUrl(local);
  if (module?.file == null) return undefined;
  const map = module.transformResult?.map;
  return positionIn(map, module.file, line, column);
}

/**
 * @param map of the served text; without one the text is the source
 * @param line 1-based
 * @param column 1-based
 */
export function positionIn(
  map: { readonly mappings: string } | null | undefined,
  served: string,
  line: number,
  column: number,
): Position | undefined {
  if (map == null || map.mappings === "") return { file: served, line, column };
  const original = originalPositionFor(new TraceMap(map as SourceMapInput), {
    line,
    column: column - 1,
  });
  if (original.line === null) return undefined;
  const file =
    original.source === null ? served : path.resolve(path.dirname(served), original.source);
  return { file, line: original.line, column: original.column + 1 };
}
