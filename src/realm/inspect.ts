/**
 * Any value as text. A value is read once into a plain tree, with limits, and the tree is printed; so no getter runs
 * twice and nothing that a value does while it is read can break a result.
 */
import { REALM_LIMITS, type RealmValue } from "../protocol/realm.ts";
import { cut, cutString } from "./cut.ts";
import { startWalk, type InspectLimits } from "./plain-leaf.ts";
import { toPlain } from "./plain-tree.ts";
import { lineWidth, print, printOnLine } from "./print-plain.ts";

const valueLimits: InspectLimits = {
  depth: 10,
  items: 1000,
  nodes: 20_000,
  characters: REALM_LIMITS.valueCharacters,
};
const lineLimits: InspectLimits = {
  depth: 4,
  items: 100,
  nodes: 1000,
  characters: REALM_LIMITS.lineCharacters,
};

/**
 * The value of a block as JSON text with 2-space indent; what JSON does not know becomes a string such as
 * `"[Function name]"` or `"[Circular]"`. Text over the limit is cut and the characters that are missing are counted; a
 * string that was cut is still JSON. Never throws.
 */
export function inspectValue(value: unknown, limits: Partial<InspectLimits> = {}): RealmValue {
  if (value === undefined) return { kind: "undefined" };
  const complete = { ...valueLimits, ...limits };
  if (typeof value === "string") return cutString(value, complete.characters);
  const text = print(toPlain(value, startWalk(complete)), "");
  const missing = Math.max(0, text.length - complete.characters);
  return { kind: "json", text: missing > 0 ? text.slice(0, complete.characters) : text, missing };
}

/** The value as a console shows it: strings bare, short objects on one line. Never throws. */
export function inspectLine(value: unknown, limits: Partial<InspectLimits> = {}): string {
  const complete = { ...lineLimits, ...limits };
  if (typeof value === "string") return cut(value, complete.characters);
  if (value === undefined) return "undefined";
  const plain = toPlain(value, startWalk(complete));
  if (typeof plain === "string") return cut(plain, complete.characters);
  const line = printOnLine(plain);
  return cut(line.length <= lineWidth ? line : print(plain, ""), complete.characters);
}
