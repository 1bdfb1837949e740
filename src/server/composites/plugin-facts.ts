/** What a page is told of a plugin. Pure. */
import type { DevServerState } from "../../protocol/dev-server.ts";
import type { Session } from "../../protocol/model.ts";
import type { PluginFacts } from "../../protocol/plugins.ts";
import type { UiConfig } from "../dev-servers/project-config.ts";

/** Where a server is: for a browser on this machine, and for the editor's window. */
type Place = Pick<Session, "url" | "outsideUrl">;

export interface PluginParts {
  readonly id: string;
  /** Absent for an id that no project has. */
  readonly name?: string;
  readonly ui?: UiConfig;
  /** Absent while it was never started. */
  readonly state?: DevServerState;
  readonly session?: Omit<Session, "realms">;
  /** Why it could not be started, empty when nothing is known of it. */
  readonly fault: string;
}

/** Problems that a page shows. */
const shownProblems = 5;

/**
 * @param page address of the page
 * @param host where its server is
 */
export function pluginFacts(parts: PluginParts, page: string, host: Place): PluginFacts {
  const { id, ui, state, session } = parts;
  const name = parts.name ?? id;
  const reached = session === undefined ? "" : addressFor(page, host, session);
  return {
    id,
    name,
    status: state?.viteStatus ?? "idle",
    address: reached ?? "",
    entry: (ui?.entry ?? "").replace(/^(?:\.?\/)+/, ""),
    ...(ui?.built === undefined ? {} : { built: ui.built }),
    generation: state?.generation ?? 0,
    fault: reached === undefined ? notForwarded(session?.port ?? 0) : faultOf(parts),
    problems: (session?.problems ?? [])
      .filter(({ severity }) => severity === "error")
      .slice(0, shownProblems),
  };
}

/** @returns undefined when the page cannot reach the plugin: its own port is forwarded, and that of the plugin is not */
export function addressFor(page: string, host: Place, plugin: Place): string | undefined {
  if (plugin.url === "") return "";
  const isOutside = host.outsideUrl !== host.url && originOf(page) === originOf(host.outsideUrl);
  if (!isOutside) return plugin.url;
  return plugin.outsideUrl === plugin.url ? undefined : plugin.outsideUrl;
}

function faultOf({ id, name, state, session, fault }: PluginParts): string {
  if (name === undefined)
    return `There is no project ${id}; correct ui.plugins of vitrine.json, or add the project`;
  const ofSession =
    session !== undefined && "fault" in session.state ? session.state.fault.message : "";
  return ofSession || fault || (state?.viteStatus === "error" ? state.lastError : "");
}

function notForwarded(port: number): string {
  return `Port ${port} of its dev server is not forwarded to the window of this page; forward it`;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "";
}
