import { plants } from "./plants.ts";

/** Count per plant id. This module keeps its state over hot updates of everything else. */
const counts = new Map<string, number>();
const watchers = new Set<() => void>();

export const basket = {
  add(id: string, count = 1) {
    if (!plants.some((plant) => plant.id === id))
      throw new RangeError(`no plant is called "${id}"`);
    counts.set(id, (counts.get(id) ?? 0) + count);
    for (const watcher of watchers) watcher();
    return basket.total();
  },
  empty() {
    counts.clear();
    for (const watcher of watchers) watcher();
  },
  count(id: string) {
    return counts.get(id) ?? 0;
  },
  /** In cents. */
  total() {
    return plants.reduce((sum, plant) => sum + plant.price * basket.count(plant.id), 0);
  },
  onChange(watcher: () => void) {
    watchers.add(watcher);
  },
};
