/** What a line of the server's log is in the log of a project. Pure. */
import { stripVTControlCharacters } from "node:util";
import type { DevServerLine } from "../../protocol/dev-server.ts";
import type { LogEntry } from "../../protocol/model.ts";

/** What Vite says of a saved file is between Vite and the page, and no event of ours (section 8). */
const hotUpdate = /^(?:hmr (?:update|invalidate)|page reload) /;

/** @returns undefined for what does not belong there */
export function sourceOfLine({ message, source }: LogEntry): DevServerLine["source"] | undefined {
  if (hotUpdate.test(stripVTControlCharacters(message))) return undefined;
  return source === "vite" ? "vite" : "manager";
}
