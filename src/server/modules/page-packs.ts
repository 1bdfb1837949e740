/** The packs of a page: what all pages share (runtime and dependencies), and what is its own. */
import { createPack, type Pack } from "./pack.ts";
import type { Dependencies } from "./dependencies.ts";
import type { ViteSource } from "./module-source.ts";
import { withoutTime } from "./urls.ts";
import { walk, type Graph } from "./walk.ts";
import type { PackedModule } from "./wrap.ts";

export interface PagePacks {
  /** Runtime and dependencies as far as they are known; may be named before the page's own pack is ready. */
  base(): Pack;
  /** Everything that the entries import statically. Throws what a transform throws. */
  build(entries: readonly string[]): Promise<{ readonly base: Pack; readonly app: Pack }>;
  /** Does the work of `build` ahead, and names nothing. */
  prepare(entries: readonly string[]): Promise<void>;
  /** What `url` needs beyond what the named packs hold. */
  lazy(url: string, have: readonly string[]): Promise<Pack>;
  /** What pages may lack of the new versions. */
  update(keys: readonly string[]): Promise<PackedUpdate>;
  /** A pack that was named before. */
  find(hash: string): Pack | undefined;
}

export interface PackedUpdate {
  /** Absent when nothing of it can be packed. */
  readonly pack?: Pack;
  /** Keys that were changed again meanwhile: the next update brings them. */
  readonly outdated: readonly string[];
}

/** Packs remembered for their maps and for what pages have. A page names the few it was built of. */
const keptPacks = 256;

export function createPagePacks(
  source: ViteSource,
  dependencies: Dependencies,
  runtime: string,
): PagePacks {
  const kept = new Map<string, Pack>();
  /** Keys that pages got. A hint, never a truth: a page that misses one asks for it. */
  const delivered = new Set<string>();
  let shared: { of: ReadonlyMap<string, PackedModule>; pack: Pack } | undefined;

  const deliver = (pack: Pack): Pack => {
    for (const key of pack.modules.keys()) delivered.add(key);
    return keep(kept, pack);
  };
  const base = (): Pack => {
    const of = dependencies.all();
    if (shared?.of !== of) shared = { of, pack: createPack(of, runtime, dependencies.body()) };
    return keep(kept, shared.pack);
  };
  /** New dependencies go to the shared pack; the rest is the page's own. */
  const split = (graph: Graph): Graph => {
    const known = dependencies.all();
    const made = [...graph].filter(
      (entry): entry is [string, PackedModule] =>
        entry[1] !== null && !known.has(entry[0]) && source.isDependency(entry[0]),
    );
    if (made.length > 0) dependencies.add(new Map(made));
    const all = dependencies.all();
    return new Map([...graph].filter(([key]) => !all.has(key)));
  };

  return {
    base,
    find: (hash) => kept.get(hash),
    async build(entries) {
      const app = createPack(split(await walk(source, entries)));
      source.keep();
      return { base: deliver(base()), app: deliver(app) };
    },
    async prepare(entries) {
      await walk(source, entries);
    },
    async lazy(url, have) {
      const packs = have.map((hash) => kept.get(hash)?.modules);
      const graph = await walk(source, [url], (key) => packs.some((pack) => pack?.has(key)));
      return deliver(createPack(graph));
    },
    async update(keys) {
      const graph = new Map<string, PackedModule | null>();
      const outdated: string[] = [];
      for (const key of keys) {
        // One that fails is left to the page, which asks and gets the error; the others travel all the same.
        // The key itself is always sent: an update of just before may have named it, with the text of then.
        const isThere = (other: string): boolean => other !== key && delivered.has(other);
        const part = await walk(source, [key], isThere).catch(() => []);
        if (namesNewerSelf(part, key)) outdated.push(key);
        else for (const [name, module] of part) graph.set(name, module);
      }
      return { outdated, ...(graph.size > 0 && { pack: deliver(createPack(graph)) }) };
    },
  };
}

/**
 * A component may import itself, and by then under the address of its next version: evaluated for this update, that one would
 * be there already when its own update comes, and the page would stay behind by one.
 */
function namesNewerSelf(graph: Iterable<readonly [string, unknown]>, key: string): boolean {
  const own = withoutTime(key);
  for (const [name] of graph) if (name !== key && withoutTime(name) === own) return true;
  return false;
}

/** Remembers a pack as the youngest. @returns the one of the same content that was known before */
function keep(kept: Map<string, Pack>, pack: Pack): Pack {
  const known = kept.get(pack.hash) ?? pack;
  kept.delete(pack.hash);
  kept.set(pack.hash, known);
  for (const old of [...kept.keys()].slice(0, Math.max(0, kept.size - keptPacks))) kept.delete(old);
  return known;
}
