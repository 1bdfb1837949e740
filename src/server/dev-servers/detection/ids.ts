/** Ids of projects that have none of their own. */
import { createHash } from "node:crypto";

/** The name, made safe; the path's hash keeps two of one name apart and the id the same from run to run. */
export function idOf(name: string, root: string): string {
  const safe = name
    .replace(/^@[^/]*\//, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  const hash = createHash("sha256").update(root).digest("hex").slice(0, 6);
  return `${(safe === "" ? "project" : safe).slice(0, 56)}-${hash}`;
}
