/** Deep comparison of maps and sets, and of lists of which one may have more. */
import type { Comparison } from "./deep-equal.ts";

export function sameMaps(
  actual: ReadonlyMap<unknown, unknown>,
  expected: ReadonlyMap<unknown, unknown>,
  comparison: Comparison,
): boolean {
  if (!fits(actual.size, expected.size, comparison)) return false;
  const found = new Set<unknown>();
  const searched: (readonly [unknown, unknown])[] = [];
  for (const [key, value] of expected) {
    if (actual.has(key) && comparison.same(actual.get(key), value)) found.add(key);
    else if (isSearched(key, comparison)) searched.push([key, value]);
    else return false;
  }
  const free = [...actual].filter(([key]) => !found.has(key));
  return eachFindsPartner(
    searched,
    free,
    ([key, value], [otherKey, otherValue]) =>
      comparison.same(otherKey, key) && comparison.same(otherValue, value),
  );
}

export function sameSets(
  actual: ReadonlySet<unknown>,
  expected: ReadonlySet<unknown>,
  comparison: Comparison,
): boolean {
  if (!fits(actual.size, expected.size, comparison)) return false;
  const hard = [...expected].filter((item) => !actual.has(item));
  if (hard.some((item) => !isSearched(item, comparison))) return false;
  const free = [...actual].filter((item) => !expected.has(item));
  return eachFindsPartner(hard, free, (item, other) => comparison.same(other, item));
}

/** Whether the expected items occur among the actual ones, in their order. */
export function occursInOrder(
  actual: readonly unknown[],
  expected: readonly unknown[],
  comparison: Comparison,
): boolean {
  let at = 0;
  return expected.every((item) => {
    while (at < actual.length && !comparison.same(actual[at], item)) at++;
    return at++ < actual.length;
  });
}

function fits(actual: number, expected: number, { mode }: Comparison): boolean {
  return mode === "partial" ? expected <= actual : expected === actual;
}

/** Whether something that is not found by identity may still have an equal. */
function isSearched(value: unknown, { mode }: Comparison): boolean {
  return Object(value) === value || mode === "loose";
}

/** Whether each wanted item gets a partner of its own; one that was given may be exchanged for another that fits. */
function eachFindsPartner<Item>(
  wanted: readonly Item[],
  free: readonly Item[],
  fitsTo: (wanted: Item, candidate: Item) => boolean,
): boolean {
  const ownerOf = new Map<number, Item>();
  const find = (item: Item, tried: Set<number>): boolean =>
    free.some((candidate, index) => {
      if (tried.has(index) || !fitsTo(item, candidate)) return false;
      tried.add(index);
      const owner = ownerOf.get(index);
      if (owner !== undefined && !find(owner, tried)) return false;
      ownerOf.set(index, item);
      return true;
    });
  return wanted.every((item) => find(item, new Set()));
}
