/** Pure: raw values of settings to checked ones. */

const lowestPort = 1024;
const highestPort = 65_535;

/**
 * `"15173-15272"`, both ends inclusive, as people write it.
 * @returns inclusive start and exclusive end, or undefined when it is no range of unprivileged ports.
 */
export function parsePortRange(value: unknown): readonly [number, number] | undefined {
  const match = typeof value === "string" ? /^\s*(\d{1,5})\s*-\s*(\d{1,5})\s*$/.exec(value) : null;
  if (!match) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2]);
  return from >= lowestPort && to <= highestPort && from <= to ? [from, to + 1] : undefined;
}

/** The number within its bounds; the lower bound for anything that is no number. */
export function clamp(value: unknown, lowest: number, highest: number): number {
  if (typeof value !== "number" || Number.isNaN(value)) return lowest;
  return Math.min(Math.max(value, lowest), highest);
}

/** The texts of a list that are not empty; none for anything that is no list. */
export function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is string => typeof item === "string" && item.trim() !== "");
}
