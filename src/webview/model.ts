/** Pure: what the panel shows, from what the host said and how long it has been so. */
import type { Problem, Session, SessionFault } from "../protocol/model.ts";
import type { BackEndTrouble, FromPanel, ToPanel } from "../protocol/panel.ts";
import { t } from "./texts.ts";

export type Shown = Extract<ToPanel, { type: "session" | "notice" }>;

/** A button or a link of the panel and what it asks the host for. */
export interface Action {
  readonly label: string;
  readonly message: FromPanel;
  readonly primary?: boolean;
}

/** A card in place of the page, or a bar over it. */
export interface Cover {
  readonly kind:
    | "starting"
    | "restarting"
    | "error"
    | "stopped"
    | "untrusted"
    | "nothing"
    | "crashed";
  readonly icon: string;
  readonly title: string;
  readonly detail: string;
  /** The place of a fault, shown as a link. */
  readonly place?: Action;
  readonly actions: readonly Action[];
  /** Can be closed until there is something else to say. */
  readonly isDismissable?: boolean;
}

/** The line below the page. */
export interface Status {
  readonly text: string;
  readonly level: "info" | "warning" | "error";
  readonly place?: Action;
}

const elapsedAfterMs = 2000;
const showLogAfterMs = 5000;

const showLog = (): Action => ({ label: t("Show Log"), message: { type: "showLog" } });
const restart = (): Action => ({ label: t("Restart"), message: { type: "restart" } });

/**
 * @param elapsed ms since this state was first shown, by this window's own clock: the server's may differ in a remote one.
 * @param now epoch ms.
 * @returns undefined when nothing covers the page.
 */
export function coverOf(shown: Shown, elapsed: number, now: number): Cover | undefined {
  if (shown.type === "notice") return noticeCover(shown);
  const { session, backEnd } = shown;
  switch (session.state.name) {
    case "live":
      return buildErrorCover(session) ?? backEndCover(session, backEnd);
    case "starting":
      return startingCover(session.project.name, session.state.step, elapsed);
    case "restarting":
      return restartingCover(session, now);
    case "error":
      return {
        kind: "error",
        icon: "error",
        title: t("{0} has an error", session.project.name),
        ...faultOf(session.state.fault),
        actions: errorActions(session.state.fault),
      };
    case "stopped":
      return {
        kind: "stopped",
        icon: "debug-stop",
        title: t("{0} is stopped", session.project.name),
        detail: t("Nothing runs for this preview."),
        actions: [{ label: t("Start"), message: { type: "start" }, primary: true }],
      };
  }
}

/** Before the host said anything. */
export function openingCover(elapsed: number): Cover {
  return startingCover(t("Preview"), t("Connecting to the server"), elapsed);
}

/** What there is to say while the page is live; undefined hides the line. */
export function statusOf(shown: Shown): Status | undefined {
  if (shown.type === "notice" || shown.session.state.name !== "live") return undefined;
  const { notices } = shown.session;
  const problems = [...shown.session.problems, ...(shown.backEnd?.problems ?? [])];
  const errors = problems.filter(({ severity }) => severity === "error");
  const warnings = problems.filter(({ severity }) => severity === "warning");
  const first = errors[0] ?? warnings[0];
  const note = notices[0];
  if (!first) return note === undefined ? undefined : { text: note, level: "info" };
  const counts = [
    errors.length === 1 ? t("1 error") : errors.length > 1 ? t("{0} errors", errors.length) : "",
    warnings.length === 1
      ? t("1 warning")
      : warnings.length > 1
        ? t("{0} warnings", warnings.length)
        : "",
  ];
  const text = [...counts.filter(Boolean), firstLine(first.message)].join(" · ");
  return { text, level: errors.length > 0 ? "error" : "warning", place: placeAction(first) };
}

/** In the panel Vite's own overlay is hidden: it would cover the page, and its links lead nowhere. This stands for it. */
function buildErrorCover({ problems }: Session): Cover | undefined {
  // What the page itself threw does not stop the build; the line below says it.
  const first = problems.find(({ severity, source }) => severity === "error" && source !== "page");
  if (!first) return undefined;
  return problemCover(t("The last change could not be built"), first.message, placeAction(first));
}

/** The page goes on with the back end as it was before, or without one. */
function backEndCover(
  { project }: Session,
  trouble: BackEndTrouble | undefined,
): Cover | undefined {
  const first = trouble?.problems.find(({ severity }) => severity === "error");
  if (first) {
    const title = t("The back end of {0} could not be built", project.name);
    return problemCover(title, first.message, placeAction(first));
  }
  if (!trouble?.fault) return undefined;
  return problemCover(t("The back end of {0} failed", project.name), trouble.fault);
}

/** Over a page that stays. */
function problemCover(title: string, detail: string, place?: Action): Cover {
  return {
    kind: "error",
    icon: "error",
    title,
    detail,
    ...(place ? { place } : {}),
    actions: [showLog(), restart()],
    isDismissable: true,
  };
}

/** What can be done about a session that does not come up. */
function errorActions({ install }: SessionFault): readonly Action[] {
  if (install === undefined) return [restart(), showLog()];
  return [
    {
      label: t("Install Dependencies"),
      message: { type: "installDependencies" },
      primary: true,
    },
    { label: t("Open Folder"), message: { type: "openFolder" } },
    showLog(),
  ];
}

function startingCover(name: string, step: string, elapsed: number): Cover {
  const seconds = Math.floor(elapsed / 1000);
  return {
    kind: "starting",
    icon: "loading",
    title: t("Starting {0}", name),
    detail: elapsed < elapsedAfterMs ? step : `${step} · ${t("{0} s", seconds)}`,
    actions: elapsed < showLogAfterMs ? [] : [showLog()],
  };
}

function restartingCover(session: Session, now: number): Cover | undefined {
  if (session.state.name !== "restarting") return undefined;
  const { fault, at } = session.state;
  // The clock of a remote machine may differ from this one; a countdown of hours would be nonsense.
  const seconds = Math.min(Math.max(Math.ceil((at - now) / 1000), 0), 30);
  return {
    kind: "restarting",
    icon: "sync",
    title: seconds > 0 ? t("Restarting in {0} s", seconds) : t("Restarting"),
    ...faultOf(fault),
    actions: [{ label: t("Restart Now"), message: { type: "restart" }, primary: true }, showLog()],
  };
}

function noticeCover(notice: Extract<ToPanel, { type: "notice" }>): Cover {
  const { kind, title, detail } = notice;
  const retry: Action = { label: t("Try Again"), message: { type: "start" }, primary: true };
  if (kind === "untrusted") {
    const manage: Action = {
      label: t("Manage Trust"),
      message: { type: "manageTrust" },
      primary: true,
    };
    return { kind, icon: "shield", title, detail, actions: [manage] };
  }
  if (kind === "nothing") return { kind, icon: "search", title, detail, actions: [retry] };
  return { kind, icon: "warning", title, detail, actions: [retry, showLog()] };
}

function faultOf(fault: {
  message: string;
  file?: string;
  line?: number;
  column?: number;
}): Pick<Cover, "detail" | "place"> {
  if (fault.file === undefined) return { detail: fault.message };
  const place = placeAction({ file: fault.file, line: fault.line ?? 1, column: fault.column ?? 1 });
  return { detail: fault.message, place };
}

function placeAction({ file, line, column }: Pick<Problem, "file" | "line" | "column">): Action {
  const name = file.split(/[/\\]/).at(-1) ?? file;
  return {
    label: `${name}:${line}:${column}`,
    message: { type: "openProblem", problem: { file, line, column } },
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
