/** The dev entry of a UI: the first module script of its page. */
import path from "node:path";
import { scanTags } from "../../html-tags.ts";
import { readSmall } from "./search.ts";

/** @param root of Vite @returns path below the root, `src/entry.ts`; undefined for a page without a module of its own */
export async function entryOf(root: string): Promise<string | undefined> {
  const html = await readSmall(path.join(root, "index.html"));
  for (const { name, isEnd, attributes } of scanTags(html ?? "")) {
    if (name !== "script" || isEnd || attributes.get("type") !== "module") continue;
    const source = attributes.get("src") ?? "";
    if (source !== "" && !/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(source))
      return path.posix.normalize(source.replace(/[?#].*$/s, "")).replace(/^\/+/, "");
  }
  return undefined;
}
