/** D-03, D-04: up to five tries to put an entry into its file, then a reason why not. */
import { NotDurable } from "./disk.ts";
import type { Pending } from "./journal-records.ts";
import { placeEntry, type Placing, type Try } from "./place-entry.ts";

/** How it ended; `again` = the reason may pass without anybody touching the file. */
export type Placed =
  | (Extract<Try, { outcome: "written" }> & { readonly target: string })
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "parked"; readonly reason: string; readonly again: boolean };

/** Ms before the second to the fifth try: together the 500 ms after which an empty file is believed (D-06). */
const patience = [10, 40, 150, 300];

/** @param find the entry as the journal has it now, undefined once it is settled. Never rejects. */
export async function placePatiently<Entry>(
  placing: Placing<Entry>,
  find: () => Pending<Entry> | undefined,
): Promise<Placed> {
  let last: Placed = { outcome: "unchanged" };
  for (const ms of [...patience, undefined]) {
    const pending = find();
    if (pending === undefined) return { outcome: "unchanged" };
    const result = await tryOnce(placing, pending, ms === undefined);
    if (!("settles" in result)) return result;
    last = { outcome: "parked", reason: result.reason, again: result.again };
    if (!result.settles || ms === undefined) break;
    await placing.wait(ms);
  }
  return last;
}

interface Failure {
  readonly reason: string;
  /** Worth another try within this write. */
  readonly settles: boolean;
  readonly again: boolean;
}

async function tryOnce<Entry>(
  placing: Placing<Entry>,
  pending: Pending<Entry>,
  isLastTry: boolean,
): Promise<Failure | Exclude<Placed, { outcome: "parked" }>> {
  try {
    const target = await placing.disk.realpath(pending.file);
    const result = await placeEntry(placing, pending, { target, isLastTry });
    if (result.outcome === "written") return { ...result, target };
    if (result.outcome === "unchanged") return result;
    if (result.outcome === "changed")
      return { reason: "was changed by another program at every try", settles: true, again: true };
    return { reason: result.reason, settles: result.settles, again: false };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Failure {
  if (error instanceof NotDurable)
    return {
      reason: `could not be made durable (${codeOf(error.cause)})`,
      settles: true,
      again: true,
    };
  const code = codeOf(error);
  return code === "ENOENT"
    ? { reason: "is gone", settles: true, again: true }
    : { reason: `could not be written (${code})`, settles: false, again: true };
}

/** The code of a system error, for messages; the text of any other. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
