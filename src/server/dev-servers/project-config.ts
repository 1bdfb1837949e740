/** A project as its configuration says it, resolved: absolute paths, defaults applied (dev-servers section 2). */
import type { BuiltEntry } from "../../protocol/plugins.ts";
import type { ProblemMatcher } from "../../protocol/problem-matcher.ts";

export type { ProblemMatcher, ProblemPattern } from "../../protocol/problem-matcher.ts";

export interface ProjectConfig {
  /** `[A-Za-z0-9._-]{1,64}`, never `.` or `..`. */
  readonly id: string;
  readonly name: string;
  /** As the project's own metadata says it. */
  readonly version?: string;
  /** Absolute real path. */
  readonly root: string;
  readonly ui?: UiConfig;
  readonly backend?: BackendConfig;
  readonly autostart: boolean;
  /** Where it stands: a `vitrine.json`, the user's settings, or nowhere. */
  readonly origin: "file" | "settings" | "detected";
}

export interface UiConfig {
  /** Absolute folder with the Vite config. */
  readonly root: string;
  /** Dev entry, imported as `<viteURL>/<entry>`. */
  readonly entry?: string;
  readonly built?: BuiltEntry;
  /** Our Vite host, or a command that starts a server. */
  readonly runner: "api" | "command";
  /** Only for `command`. */
  readonly command?: readonly string[];
  /** What to do when `node_modules` is missing. */
  readonly install: "ask" | "auto" | "never";
  /** Packages shared with a host page (section 10). */
  readonly shared: readonly string[];
  /** Ids of the projects that this page shows as plugins (section 10). */
  readonly plugins: readonly string[];
}

export interface BackendConfig {
  readonly build?: Command;
  /** Absolute file the build makes; enables the swap and the detection of builds that changed nothing. */
  readonly artifact?: string;
  /** Absolute file the artefact is copied to before it runs; `${artifact}` of `run` and `reload` is this file then. */
  readonly install?: string;
  /** Absolute files copied beside the installed artefact before a reload. */
  readonly sync: readonly string[];
  /** Globs, relative to the project's root. Those of the other modules of a `go.work` begin with `../`. */
  readonly watch: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  readonly debounceMs: number;
  readonly onChangeDuringBuild: "queue" | "cancel";
  /** `$name` of a known matcher, or a matcher. */
  readonly problems: string | ProblemMatcher | readonly ProblemMatcher[];
  /** The process of the back end; absent when its build is all there is. */
  readonly run?: Command & { readonly handshake: Handshake };
  readonly reload:
    | "restart"
    | "none"
    | { readonly command: readonly string[] }
    | { readonly signal: NodeJS.Signals };
}

export interface Command {
  /** Program and arguments; no shell. `${artifact}` is resolved. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a started back end says that it serves. */
export type Handshake =
  | { readonly type: "go-plugin"; readonly timeoutMs: number }
  /** Named groups `addr`, `port` or `url`. */
  | { readonly type: "regex"; readonly pattern: string; readonly timeoutMs: number }
  | { readonly type: "tcp"; readonly addr: string; readonly timeoutMs: number }
  /** Answers with a status below 500. */
  | { readonly type: "http"; readonly url: string; readonly timeoutMs: number }
  | { readonly type: "none" };
