/** From a name of the network to the key of an instance, which is also its file's name (REPL specification 2.1). */
import { createHash } from "node:crypto";
import { sanitizeName } from "../../../markdown/log/names.ts";

/** Names of devices on Windows, whatever their ending. */
const reserved = /^(?:con|nul|aux|prn|com\d|lpt\d)$/;
const longest = 100;
/** Characters of a long name that stay before the hyphen and 8 digits of its hash. */
const kept = 91;

export function instanceKey(name: string): string {
  const key = sanitizeName(name);
  if (key === "") return "page";
  if (reserved.test(key)) return `${key}-page`;
  if (key.length <= longest) return key;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 8);
  return `${key.slice(0, kept)}-${hash}`;
}
