/** Names of page realms: `<n>-<word>-<HHMM>-<SS>` (REPL specification 2.1), unique among the living. */
import { randomInt } from "node:crypto";

const words = [
  "amber",
  "apple",
  "arrow",
  "basin",
  "birch",
  "bloom",
  "brook",
  "cedar",
  "chalk",
  "cloud",
  "coral",
  "delta",
  "drift",
  "ember",
  "fable",
  "fern",
  "field",
  "flint",
  "frost",
  "glade",
  "grain",
  "harbor",
  "hazel",
  "heron",
  "indigo",
  "ivory",
  "jade",
  "juniper",
  "lake",
  "lemon",
  "linen",
  "maple",
  "meadow",
  "mint",
  "moss",
  "ocean",
  "olive",
  "opal",
  "pearl",
  "pine",
  "quartz",
  "reed",
  "river",
  "sage",
  "slate",
  "tide",
  "willow",
  "zen",
];

/** @param taken names of live realms */
export function newRealmName(taken: ReadonlySet<string>, now: Date = new Date()): string {
  const time = `${two(now.getHours())}${two(now.getMinutes())}-${two(now.getSeconds())}`;
  for (;;) {
    const name = `${randomInt(5, 20)}-${words[randomInt(words.length)]}-${time}`;
    if (!taken.has(name)) return name;
  }
}

/** The first of `name`, `name-2`, `name-3` … that nobody living has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    if (!taken.has(candidate)) return candidate;
  }
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
