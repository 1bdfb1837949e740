/** Pure: what stands above a block. */
import type { Run, RunState } from "../protocol/model.ts";
import type { Translate } from "./tree-texts.ts";

/** What a lens needs to know of a block. */
export interface LensBlock {
  /** Among the runnable blocks, 0-based. */
  readonly index: number;
  /** As `Run.code`. */
  readonly hash: string;
  /** The results that stand in the document, from this window or an earlier one. */
  readonly stored: readonly StoredResult[];
}

export interface StoredResult {
  readonly realm: string;
  readonly state: RunState;
  readonly ms: number;
  /** ISO time. */
  readonly at: string;
  readonly code: string;
}

export interface LensText {
  readonly title: string;
  /** Absent for what only says something. */
  readonly action?: "run" | "runIn" | "runAllAbove" | "stop";
  /** The run to stop. */
  readonly run?: string;
}

export interface LensMoment {
  /** Epoch ms. */
  readonly now: number;
  /** Clock time of an epoch in the user's language. */
  readonly clock: (at: number) => string;
  readonly t: Translate;
}

/** The run whose state a block shows: a running one, else a failed one, else the last. */
export function runOf(
  block: LensBlock,
  runs: readonly Run[],
  hashes: readonly string[],
): Run | undefined {
  const own = runs.filter(
    (run) =>
      run.code === block.hash && (run.block === block.index || hashes[run.block] !== run.code),
  );
  return (
    own.findLast(({ state }) => state === "running") ??
    own.findLast(({ state }) => state === "error") ??
    own.at(-1)
  );
}

/** Lenses of one block, left to right. */
export function lensesOf(block: LensBlock, run: Run | undefined, moment: LensMoment): LensText[] {
  const { t } = moment;
  if (run?.state === "running") {
    const seconds = Math.max(Math.floor((moment.now - run.startedAt) / 1000), 0);
    return [
      { title: t("◌ Running {0} s", seconds) },
      { title: t("Stop"), action: "stop", run: run.id },
    ];
  }
  const state = run ? stateOfRun(run, moment) : stateOfResults(block, moment);
  return [
    ...(state === undefined ? [] : [{ title: state }]),
    { title: state === undefined ? t("▷ Run") : t("Run"), action: "run" },
    { title: t("Run in…"), action: "runIn" },
    ...(block.index > 0 ? [{ title: t("Run all above"), action: "runAllAbove" as const }] : []),
  ];
}

function stateOfRun(run: Run, moment: LensMoment): string {
  if (run.state !== "error")
    return stateText({ ...run, realm: run.realmKind, at: run.startedAt }, moment);
  return `✗ ${errorName(run.summary) || moment.t("error")}`;
}

function stateOfResults({ hash, stored }: LensBlock, moment: LensMoment): string | undefined {
  const shown = stored.find(({ state }) => state !== "ok") ?? stored[0];
  if (!shown) return undefined;
  if (shown.code !== "" && shown.code !== hash) return moment.t("◔ stale (block changed)");
  return stateText({ ...shown, at: Date.parse(shown.at) }, moment);
}

function stateText(
  result: {
    readonly state: RunState;
    readonly realm: string;
    readonly ms: number;
    readonly at: number;
  },
  { clock, t }: LensMoment,
): string {
  switch (result.state) {
    case "ok":
      return [
        "✓",
        [result.realm, duration(result.ms), Number.isNaN(result.at) ? "" : clock(result.at)]
          .filter(Boolean)
          .join(" · "),
      ].join(" ");
    case "error":
      return `✗ ${t("error")}`;
    case "timeout":
      return `✗ ${t("no end after {0}", duration(result.ms))}`;
    case "cancelled":
      return `✗ ${t("stopped")}`;
    case "running":
      // A run of another window, or one that was cut off: this window cannot know.
      return `◌ ${t("not finished")}`;
  }
}

/** `4 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function errorName(summary: string): string {
  const name = summary.split(":", 1)[0] ?? "";
  return name.length <= 40 ? name : `${name.slice(0, 39)}…`;
}
