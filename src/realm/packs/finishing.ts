/**
 * Imports of what is here already, until they are done. A module that accepts its own updates may say so only when its import
 * of itself is done (React components do); an update that began before would find nobody who accepts it and be lost.
 */
export interface Finishing {
  add(imported: Promise<unknown>): void;
  all(): Promise<unknown>;
}

export function createFinishing(): Finishing {
  const open = new Set<Promise<unknown>>();
  return {
    add(imported) {
      open.add(imported);
      const finished = (): void => void open.delete(imported);
      imported.then(finished, finished);
    },
    all: () => Promise.allSettled(open),
  };
}
