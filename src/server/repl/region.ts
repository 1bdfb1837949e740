/** From the outcome of a run to the text of its result region (design section 5, decision 36). */
import { randomBytes } from "node:crypto";
import type { Block } from "../../markdown/blocks.ts";
import { printResult, type Output } from "../../markdown/results.ts";
import type { Run } from "../../protocol/model.ts";
import type { JobOutcome } from "./outcome.ts";

export interface RegionParts {
  readonly run: Run;
  readonly block: Block;
  /** What the fence or the user asked for, absent for the default. */
  readonly wish: string | undefined;
  readonly outcome: JobOutcome;
}

/** A block keeps the id of its result for ever; results of several realms are told apart by the realm's name. */
export function resultRegion({ run, block, wish, outcome }: RegionParts): {
  text: string;
  id: string;
} {
  const realm = wish ?? run.realmKind;
  const own = block.results.find((result) => result.realm === realm);
  const id = (own ?? (block.realms.length < 2 ? block.results[0] : undefined))?.id ?? newId();
  const at = `${new Date(run.startedAt).toISOString().slice(0, 19)}Z`;
  const text = printResult({
    id,
    realm,
    state: run.state,
    ms: run.ms,
    at,
    code: run.code,
    outputs: outputsOf(outcome),
  });
  return { text, id };
}

function outputsOf({ outputs = [], value, error, events, missing }: JobOutcome): Output[] {
  return [
    ...outputs,
    ...(value === undefined ? [] : [value]),
    ...(error === undefined ? [] : [{ kind: "error" as const, text: error }]),
    { kind: "events", events, missing },
  ];
}

/** Four characters are enough within one document, and short to read. */
function newId(): string {
  const letters = randomBytes(8).toString("base64url").replaceAll(/[-_]/g, "").toLowerCase();
  return letters.slice(0, 4).padEnd(4, "0");
}
