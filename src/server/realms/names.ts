/** Names of realms (REPL specification 2.1, decision 30). The server owns them; they are unique among the living. */
import { createHash, randomInt } from "node:crypto";
import { sanitizeName } from "../../markdown/log/names.ts";
import { words } from "./name-words.ts";

const longestName = 100;
const cutName = 91;
/** Names of devices, which Windows takes for no file's. */
const reserved = /^(?:con|nul|aux|prn|com\d|lpt\d)$/;

/** A page's name, `<n>-<word>-<HHMM>-<SS>`. @param taken names of live realms */
export function newRealmName(taken: ReadonlySet<string>, now: Date = new Date()): string {
  return newName(() => String(randomInt(5, 20)), taken, now);
}

/** A Node realm's name, `node-<word>-<HHMM>-<SS>`. */
export function newNodeName(taken: ReadonlySet<string>, now: Date = new Date()): string {
  return newName(() => "node", taken, now);
}

/** What a realm is called in file names and everywhere else: sanitised, never empty, never too long for a file. */
export function realmName(text: string): string {
  const name = sanitizeName(text) || "page";
  if (reserved.test(name)) return `${name}-page`;
  if (name.length <= longestName) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, cutName)}-${hash}`;
}

/** The first of `name`, `name-2`, `name-3` … that nobody living has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  return firstFree(taken, (count) => (count === 1 ? name : `${name}-${count}`));
}

/** The name of a page's frame, `<page>-frame-<n>`. */
export function frameName(page: string, taken: ReadonlySet<string>): string {
  return firstFree(taken, (count) => `${page}-frame-${count}`);
}

function firstFree(taken: ReadonlySet<string>, nameOf: (count: number) => string): string {
  for (let count = 1; ; count++) {
    const candidate = realmName(nameOf(count));
    if (!taken.has(candidate)) return candidate;
  }
}

function newName(first: () => string, taken: ReadonlySet<string>, now: Date): string {
  const time = `${two(now.getHours())}${two(now.getMinutes())}-${two(now.getSeconds())}`;
  // One second has names enough; a server that starts a hundred processes in one goes on with a number.
  for (let tries = 0; tries < words.length; tries++) {
    const name = `${first()}-${words[randomInt(words.length)]}-${time}`;
    if (!taken.has(name)) return name;
  }
  return freeName(`${first()}-${words[0]}-${time}`, taken);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
