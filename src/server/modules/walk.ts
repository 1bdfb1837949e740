/** From entries to everything they import statically, through a module source. */
import { findMixedVersions } from "./urls.ts";
import type { PackedModule } from "./wrap.ts";

/** Modules by key; null = the browser imports it itself. */
export type Graph = ReadonlyMap<string, PackedModule | null>;

export interface ModuleSource {
  /** @returns null for what only the browser can load. Throws what the transform throws. */
  load(key: string): Promise<PackedModule | null>;
  /** Resolves when the dependency optimiser is at rest. */
  settled(): Promise<void>;
}

/** Walks again when the optimiser replaced dependencies meanwhile. */
const tries = 4;

/**
 * @param has keys that are not wanted, nor what only they import
 * @returns complete under static imports, or it throws
 */
export async function walk(
  source: ModuleSource,
  entries: readonly string[],
  has: (key: string) => boolean = () => false,
): Promise<Graph> {
  for (let left = tries; ; left -= 1) {
    try {
      const graph = await walkOnce(source, entries, has);
      const mixed = findMixedVersions(graph.keys());
      if (mixed === undefined) return graph;
      if (left === 1) throw new Error(`${mixed} is imported in two versions`);
    } catch (error) {
      if (left === 1 || !isPassing(error)) throw error;
    }
    await source.settled();
  }
}

async function walkOnce(
  source: ModuleSource,
  entries: readonly string[],
  has: (key: string) => boolean,
): Promise<Graph> {
  const found = new Map<string, PackedModule | null>();
  const visit = async (key: string): Promise<void> => {
    if (found.has(key) || has(key)) return;
    found.set(key, null);
    const module = await source.load(key);
    found.set(key, module);
    await Promise.all((module?.deps ?? []).map(visit));
  };
  await Promise.all(entries.map(visit));
  return found;
}

/** Vite asks to try again: the optimiser has replaced what was asked for. */
function isPassing(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return /^ERR_(OUTDATED_OPTIMIZED_DEP|OPTIMIZE_DEPS_PROCESSING_ERROR|FILE_NOT_FOUND_IN_OPTIMIZED_DEP_DIR)$/.test(
    String(code),
  );
}
