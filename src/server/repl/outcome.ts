/** What became of a job, with every place mapped to the document. */
import path from "node:path";
import type { UserError } from "../../protocol/errors.ts";
import type { Problem, RunState } from "../../protocol/model.ts";
import type { FromRealm, RealmValue, RunEvent, RunRequest } from "../../protocol/realm.ts";
import { mapStack, readableMessage, type CompiledBlock } from "./compile.ts";

export interface JobOutcome {
  readonly state: Exclude<RunState, "running">;
  /** Duration in ms, measured in the realm where it could be. */
  readonly ms: number;
  readonly value?: RealmValue;
  /** What the block gave to `display()`, in order. */
  readonly outputs?: readonly RealmValue[];
  /** Message and mapped stack, as shown in the result. */
  readonly error?: string;
  readonly problem?: Problem;
  readonly events: readonly RunEvent[];
  /** Events left out between the first and the last. */
  readonly missing: number;
}

/** The realm answered. */
export function finishedOutcome(
  finished: Extract<FromRealm, { type: "finished" }>,
  script: CompiledBlock,
  { job, file }: RunRequest,
): JobOutcome {
  const { ms, events, missing, value, error, outputs = [] } = finished;
  if (error === undefined)
    return { state: "ok", ms, events, missing, outputs, ...(value === undefined ? {} : { value }) };
  const { frames } = mapStack(error.stack, (name) => (name.includes(job) ? script.map : undefined));
  const message = readableMessage(error.message);
  const head = error.name === "" ? message : `${error.name}: ${message}`;
  const text = errorText(
    head,
    frames.map((frame) => placeText(file, frame)),
  );
  const place = frames.find((frame) => frame.file === file);
  const failed: JobOutcome = { state: "error", ms, events, missing, outputs, error: text };
  if (place === undefined) return failed;
  const { line, column } = place;
  return {
    ...failed,
    problem: { file, line, column, severity: "error", message: head, source: "block" },
  };
}

/** It ended without an answer: stopped, too late, or the realm went away. */
export function endedOutcome(error: UserError, ms: number): JobOutcome {
  const states = { cancelled: "cancelled", deadline: "timeout" } as const;
  const state =
    error.code === "cancelled" || error.code === "deadline" ? states[error.code] : "error";
  return { state, ms, error: error.message, events: [], missing: 0 };
}

/** Relative to the document, so that the result reads the same on every machine. 1-based. */
export function placeText(
  document: string,
  place: { readonly file: string; readonly line: number; readonly column: number },
): string {
  const file = path.relative(path.dirname(document), place.file).split(path.sep).join("/");
  return `${file}:${place.line}:${place.column}`;
}

/** A message, and the places in files that led to it, one per line. */
export function errorText(head: string, places: readonly string[]): string {
  return [head, ...places.map((place) => `    at ${place}`)].join("\n");
}
