/** Pure: what stands above the lines of a log. */
import type { Log, Repl } from "../../protocol/model.ts";
import type { Translate } from "../tree-texts.ts";
import type { Lines, LogParts } from "./log-headings.ts";
import { requestsOf } from "./log-requests.ts";

export interface LogLens {
  readonly line: number;
  readonly title: string;
  /** Line of the request heading to run again. */
  readonly rerun?: number;
  /** Facts for whoever rests on it. */
  readonly tooltip?: string;
}

export interface LogLensesOptions {
  readonly lines: Lines;
  readonly parts: LogParts;
  readonly repl: Repl;
  readonly log: Log;
  /** Epoch ms. */
  readonly now: number;
  readonly t: Translate;
}

/** Lenses of a log in the order of its lines. */
export function logLenses(options: LogLensesOptions): LogLens[] {
  const { lines, parts, repl, log, t } = options;
  const canRun = repl.state.name === "on" && log.state !== "offline";
  return [
    ...(canRun
      ? requestsOf(lines, parts).map(({ heading: { line } }) => ({
          line,
          title: t("▷ Re-run"),
          rerun: line,
        }))
      : []),
    ...executingLens(options),
    ...anchorLens(options),
  ].toSorted((one, other) => one.line - other.line);
}

/** The state of a log's realm in words, as the tree and the lens at the anchor say it. */
export function logStateText({ state, lastFailed }: Log, t: Translate): string {
  return lastFailed ? `${t(state)} · ${t("last job failed")}` : t(state);
}

function executingLens({ parts, log, now, t }: LogLensesOptions): LogLens[] {
  if (!log.active) return [];
  const { line, since } = log.active;
  const executing = parts.headings.filter(({ kind }) => kind === "executing");
  // The document may hold edits that the server has not seen; the last region is the active one then.
  const heading = executing.find((each) => each.line === line) ?? executing.at(-1);
  if (!heading) return [];
  const seconds = Math.max(Math.floor((now - since) / 1000), 0);
  const title =
    log.state === "offline"
      ? t("◌ Waiting for the realm {0} s", seconds)
      : t("◌ Executing {0} s", seconds);
  return [{ line: heading.line, title }];
}

const signs = { live: "●", executing: "◌", offline: "○" } as const;

function anchorLens({ parts: { anchorLine }, repl, log, t }: LogLensesOptions): LogLens[] {
  if (anchorLine < 0) return [];
  const state = `${signs[log.state]} ${logStateText(log, t)}`;
  const title =
    repl.state.name === "elsewhere"
      ? `${state} · ${t("read-only, the log belongs to {0}", repl.state.owner)}`
      : state;
  return [{ line: anchorLine, title, tooltip: log.url }];
}
