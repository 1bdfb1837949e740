/** Pure: what a line of the tree says. */
import path from "node:path";
import type { DevServerState } from "../protocol/dev-server.ts";
import type { Project, Realm, Session } from "../protocol/model.ts";
import {
  devServerContext,
  isActive,
  joined,
  stateIcon,
  stateLine,
  stateWord,
  type Clock,
} from "./dev-servers/state-texts.ts";

/** Words that the caller translates: `(text, ...values)` with `{0}` placeholders, as `vscode.l10n.t`. */
export type Translate = (text: string, ...values: (string | number)[]) => string;

export interface Row {
  readonly label: string;
  readonly description: string;
  /** Codicon; the shape differs by state, not only the colour. */
  readonly icon: string;
  readonly color?: string;
  /** `<kind>.<state>`, for menus. */
  readonly contextValue: string;
  /** The whole line for screen readers. */
  readonly spoken: string;
  /** Facts for the tooltip: name and value, neither trusted. */
  readonly facts: readonly (readonly [string, string])[];
}

/** What runs of a project. */
export interface Running {
  readonly session?: Session | undefined;
  readonly devServer?: DevServerState | undefined;
}

/** A project with what became of its session and its dev server; without either it is stopped. */
export function projectRow(
  project: Project,
  { session, devServer }: Running,
  t: Translate,
  clock: Clock = String,
): Row {
  const state = session?.state.name ?? "stopped";
  const isLive = state !== "stopped";
  const active = isActive(devServer) ? devServer : undefined;
  // The word is first, because a narrow side bar cuts the rest.
  const description = joined(
    active === undefined ? "" : isLive ? stateWord(active, t) : stateLine(active, t, clock),
    session && isLive ? sessionDescription(session, t) : "",
  );
  // Whatever is worse is shown: a preview may be live while its back end is built, or cannot be.
  const icon =
    active && (!isLive || active.aggregate !== "ready") ? stateIcon(active) : projectIcon(session);
  return {
    label: project.name,
    description,
    ...icon,
    contextValue: [project.hasUI ? `project.${state}` : "", devServerContext(project, devServer)]
      .filter(Boolean)
      .join(" "),
    spoken: [project.name, active && !isLive ? stateWord(active, t) : t(state), description]
      .filter(Boolean)
      .join(", "),
    facts: [...facts(project, session, t), ...devServerFacts(active, t)],
  };
}

/** One realm below its project. */
export function realmRow(realm: Realm, session: Session | undefined, t: Translate): Row {
  const where = placeOf(realm, session);
  const label = realm.kind === "node" ? realm.name : `${realm.kind} ${where}`.trim();
  return {
    label,
    description: t(realm.state),
    icon:
      realm.state === "running"
        ? "sync"
        : realm.state === "away"
          ? "circle-slash"
          : "circle-filled",
    ...(realm.state === "idle" ? { color: "testing.iconPassed" } : {}),
    contextValue: `realm.${realm.kind}`,
    spoken: `${label}, ${realm.name}, ${t(realm.state)}`,
    facts: [
      [t("Realm"), realm.name],
      [t("Address"), realm.url],
      [t("Title"), realm.title],
    ],
  };
}

/** Number of problems of severity error, for the badge. */
export function errorCount(
  sessions: readonly Session[],
  devServers: readonly DevServerState[] = [],
): number {
  const problems = sessions
    .flatMap((session) => session.problems)
    .filter(({ severity }) => severity === "error");
  const builds = devServers
    .flatMap(({ errors }) => errors)
    .filter(({ severity }) => severity === "error");
  const failed = sessions.filter(({ state }) => state.name === "error");
  return problems.length + builds.length + failed.length;
}

function sessionDescription(session: Session, t: Translate): string {
  const { state } = session;
  if (state.name === "stopped") return "";
  if (state.name === "starting") return state.step;
  if (state.name === "restarting") return t("restarting, attempt {0}", state.attempt);
  if (state.name === "error") return `${t("error")} ${faultPlace(session)}`.trim();
  const errors = session.problems.filter(({ severity }) => severity === "error").length;
  return [
    // First, because a narrow side bar cuts the rest.
    errors > 0 ? (errors === 1 ? t("1 error") : t("{0} errors", errors)) : "",
    String(session.port),
    session.realms.length === 1 ? t("1 realm") : t("{0} realms", session.realms.length),
    session.memory > 0 ? megabytes(session.memory) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function projectIcon(session: Session | undefined): Pick<Row, "icon" | "color"> {
  const broken = session?.problems.some(({ severity }) => severity === "error") ?? false;
  switch (session?.state.name) {
    case "starting":
      return { icon: "loading~spin" };
    case "restarting":
      return { icon: "sync~spin", color: "list.warningForeground" };
    case "error":
      return { icon: "error", color: "list.errorForeground" };
    case "live":
      return broken
        ? { icon: "warning", color: "list.warningForeground" }
        : { icon: "pass-filled", color: "testing.iconPassed" };
    case "stopped":
    case undefined:
      return { icon: "circle-large-outline" };
  }
}

function facts(project: Project, session: Session | undefined, t: Translate): [string, string][] {
  const shown: [string, string][] = [[t("Folder"), project.folder]];
  if (project.configFile) shown.push([t("Config"), path.basename(project.configFile)]);
  if (!session) return shown;
  if (session.url) shown.push([t("Address"), session.url]);
  if (session.viteVersion) shown.push(["Vite", session.viteVersion]);
  if (session.pid) shown.push([t("Process"), String(session.pid)]);
  if (session.memory > 0) shown.push([t("Memory"), megabytes(session.memory)]);
  const { state } = session;
  if (state.name === "error" || state.name === "restarting")
    shown.push([t("Fault"), state.fault.message]);
  for (const notice of session.notices) shown.push([t("Note"), notice]);
  return shown;
}

function devServerFacts(state: DevServerState | undefined, t: Translate): [string, string][] {
  if (!state) return [];
  return [
    [t("State"), stateWord(state, t)],
    [t("Fault"), state.lastError],
  ];
}

function faultPlace({ state }: Session): string {
  if (state.name !== "error" || state.fault.file === undefined) return "";
  const line = state.fault.line === undefined ? "" : `:${state.fault.line}`;
  return `${path.basename(state.fault.file)}${line}`;
}

/** Route of a page below the session's base, from whichever side it was opened. */
function placeOf(realm: Realm, session: Session | undefined): string {
  if (realm.kind !== "page" || !URL.canParse(realm.url)) return realm.name;
  const { pathname, search } = new URL(realm.url);
  const bases = [session?.outsideUrl, session?.url].filter(
    (url) => url !== undefined && URL.canParse(url),
  );
  const base =
    bases.map((url) => new URL(url ?? "").pathname).find((root) => pathname.startsWith(root)) ??
    "/";
  return `/${pathname.slice(base.length)}${search}`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MB`;
}
