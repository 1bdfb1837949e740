/** Packages of the host page, for the modules of its plugins. */
import { SHARED_ALIAS, SHARED_GLOBAL } from "../../protocol/plugins.ts";

/** Name of a package, and its import; without one it is not installed. */
export type Published = readonly [name: string, load: (() => Promise<object>) | undefined];

export interface SharedPackages {
  /** Resolves when all are there that come: no plugin is imported before. */
  readonly ready: Promise<void>;
  publish(packages: readonly Published[]): Promise<void>;
}

/** Ms that plugins wait for a page whose modules never run. */
const patienceMs = 10_000;

/** Makes the globals, empty: modules of plugins know by them that they are in a host page. */
export function createSharedPackages(): SharedPackages {
  const packages: Record<string, object> = {};
  for (const name of [SHARED_GLOBAL, SHARED_ALIAS])
    Object.defineProperty(globalThis, name, { value: packages });
  let published: () => void;
  const ready = new Promise<void>((resolve) => {
    published = resolve;
    setTimeout(resolve, patienceMs);
  });
  return {
    ready,
    async publish(list) {
      const results = await Promise.allSettled(
        list.map(async ([name, load]) => {
          if (load === undefined)
            throw new Error("it is not installed in the project of this page");
          packages[name] = await load();
        }),
      );
      // One that fails is missed by those who import it, and by nobody else.
      for (const [index, result] of results.entries())
        if (result.status === "rejected")
          console.warn(`${list[index]?.[0]} is not provided to plugins:`, result.reason);
      published();
    },
  };
}
