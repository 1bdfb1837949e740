/** Executing regions whose job nobody has any more (section 6, leftovers). Pure. */
import { formatResultBlocks } from "../../../markdown/log/events.ts";
import { finishLeftover } from "../../../markdown/log/regions.ts";

/** The text with each of them finished as a failure. More than one stands there when several servers ended before. */
export function withoutLeftovers(text: string, at: number): string {
  const [error = ""] = formatResultBlocks({
    ok: false,
    error: "the server stopped before the result arrived",
  });
  let settled = text;
  for (let next: string | undefined = text; next !== undefined;) {
    settled = next;
    next = finishLeftover(settled, at, error);
  }
  return settled;
}
