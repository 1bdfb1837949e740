/** Plain data that both sides of every process boundary speak of. Only structured-cloneable values. */

/** How a folder was recognised as a project: what was found in it, or where somebody wrote it down. */
export type ProjectEvidence =
  | "vite-config"
  | "vite-dependency"
  | "html"
  | "plugin"
  | "go"
  | "cargo"
  | "tsconfig"
  | "vitrine-file"
  | "settings";

/** A folder with a Vite UI, a back end, or both. */
export interface Project {
  /** Stable within a workspace: `[A-Za-z0-9._-]{1,64}`, never a path. */
  readonly id: string;
  /** What a person calls it: its configured name, the name in package.json, else the folder's name. */
  readonly name: string;
  /** Absolute real path of the Vite root; without a UI the same as `folder`. */
  readonly root: string;
  /** Absolute real path of the whole project, which contains `root`. */
  readonly folder: string;
  readonly hasUI: boolean;
  readonly hasBackend: boolean;
  /** The server starts it by itself. */
  readonly autostart: boolean;
  readonly evidence: ProjectEvidence;
  /** Absolute path of `vite.config.*`, when the project has one. */
  readonly configFile?: string;
}

/** An error, warning or note at a place in a file. The one shape for build, transform, runtime and block errors. */
export interface Problem {
  /** Absolute path. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based; 1 when unknown. */
  readonly column: number;
  /** 1-based, inclusive start of what follows the range. */
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  /** Who found it: `vite`, a plugin's name, `page`, `block`. */
  readonly source: string;
  readonly code?: string;
}

/** Why a session is not live, in the words a user reads. */
export interface SessionFault {
  /** An `ErrorCode` of `errors.ts`. */
  readonly code: string;
  /** One sentence: what failed, with the value that was wrong, then what to do. */
  readonly message: string;
  /** The command that would mend it by installing the project's packages, which can be asked for: `npm install`. */
  readonly install?: string;
  /** The place to open, when the fault has one. 1-based. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** States exclude each other; what belongs to a state lives inside it. Times are epoch ms, for display only. */
export type SessionState =
  | { readonly name: "starting"; readonly step: string; readonly since: number }
  | { readonly name: "live"; readonly since: number }
  | {
      readonly name: "restarting";
      readonly fault: SessionFault;
      readonly at: number;
      readonly attempt: number;
    }
  | { readonly name: "error"; readonly fault: SessionFault }
  | { readonly name: "stopped" };

/** One live preview. */
export interface Session {
  readonly id: string;
  readonly kind: "workspace" | "hosted" | "virtual";
  readonly project: Project;
  readonly state: SessionState;
  /** Loopback port of its pages: of the Vite host, or of our proxy in front of a server that is not ours. */
  readonly port: number;
  /** Where a browser on this machine reaches it, with base: `http://127.0.0.1:15173/`. */
  readonly url: string;
  /** Where the editor's own window reaches it (forwarded or proxied); equals `url` on a desktop. */
  readonly outsideUrl: string;
  /** Process id of what serves the pages (a Vite host, a command, an attached process), 0 when none runs. */
  readonly pid: number;
  /** Resident memory of that process and of all it started, in bytes; 0 when unknown. */
  readonly memory: number;
  /** Version of the Vite that serves it, empty until known, and for every server that is not our Vite host. */
  readonly viteVersion: string;
  /** One sentence each, shown in the tree's tooltip and the log. */
  readonly notices: readonly string[];
  readonly problems: readonly Problem[];
  readonly realms: readonly Realm[];
}

/** Service workers are listed; nothing runs in them. */
export type RealmKind = "page" | "worker" | "iframe" | "node" | "service-worker";

/** A place where code runs and that talks to the server. */
export interface Realm {
  readonly id: string;
  /** The same in tree, documents, command line and API: `7-zen-1201-03`, `node-fern-1201-03`. */
  readonly name: string;
  readonly kind: RealmKind;
  /** Name of the realm it belongs to: the page of a frame, the page, frame or worker that made a worker. */
  readonly parent?: string;
  /** Session it belongs to; absent for a Node realm that serves documents outside projects. */
  readonly session?: string;
  /** Address of the page, `node://<pid>` for a Node realm. */
  readonly url: string;
  readonly title: string;
  /** Epoch ms of the first contact. */
  readonly since: number;
  readonly state: "idle" | "running" | "away";
}

/** One line that a realm wrote to its console, or an error that nobody caught there. */
export interface ConsoleEntry {
  readonly realm: string;
  readonly session?: string;
  readonly level: "debug" | "log" | "info" | "warn" | "error";
  readonly text: string;
  /** Epoch ms. */
  readonly at: number;
  /** Mapped place of the call or of the error, when known. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** One line of the log. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Who says it: `server`, `vite`, a session's id. */
  readonly source: string;
  readonly session?: string;
  /** Epoch ms. */
  readonly at: number;
}

/** States of one execution of a block; all but `running` are final. */
export type RunState = "running" | "ok" | "error" | "timeout" | "cancelled";

/** One execution of a block. */
export interface Run {
  readonly id: string;
  /** Absolute path of the document. */
  readonly file: string;
  /** Index of the block among the runnable blocks of the text it was started from, 0-based. */
  readonly block: number;
  /** First 8 hex digits of the SHA-256 of the block's text with LF. */
  readonly code: string;
  /** Name of the realm. */
  readonly realm: string;
  readonly realmKind: RealmKind;
  readonly state: RunState;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Duration in ms, 0 while running. */
  readonly ms: number;
  /** First line of the value or of the error. */
  readonly summary: string;
  /** Where the error is in the document; empty when there is none. */
  readonly problems: readonly Problem[];
}

/** How the REPL of a folder stands. One owner keeps the logs of a folder; every other window reads them (decision 4). */
export type ReplState =
  | { readonly name: "off" }
  | { readonly name: "on" }
  /** Another process owns the logs; `owner` says which, in words: `process 4711`. */
  | { readonly name: "elsewhere"; readonly owner: string };

/** The REPL of one workspace folder: `daebug.md` and `daebug/`. */
export interface Repl {
  /** Absolute real path of the folder. */
  readonly root: string;
  readonly state: ReplState;
  readonly logs: readonly Log[];
}

/** What a log says of its realm; the words that stand in `daebug.md` too. */
export type LogState = "live" | "executing" | "offline";

/** The Markdown file of one realm. */
export interface Log {
  /** Key of the realm, and the file's name without `.md`. */
  readonly name: string;
  /** Absolute path, whether or not the file exists. */
  readonly file: string;
  readonly exists: boolean;
  readonly kind: RealmKind | "remote";
  /** Page that a worker or a frame belongs to. */
  readonly parent?: string;
  /** Address of the realm. */
  readonly url: string;
  readonly state: LogState;
  /** The last job failed or timed out. */
  readonly lastFailed: boolean;
  /** Epoch ms of the last contact. */
  readonly lastSeen: number;
  /** The request that is being executed. */
  readonly active?: ActiveRequest;
}

export interface ActiveRequest {
  readonly job: string;
  readonly agent: string;
  /** Epoch ms of acceptance. */
  readonly since: number;
  /** Line of the executing heading in the file as last written, 0-based. */
  readonly line: number;
}

/** One test as it ended (REPL specification 12.4 and 12.5). */
export interface TestOutcome {
  readonly name: string;
  /** Names of its suites joined by ` > `, null for none. */
  readonly suite: string | null;
  readonly status: "pass" | "fail" | "skip";
  /** Ms. */
  readonly duration: number;
  /** Stack, places mapped to the sources where known. */
  readonly error: string | null;
  /** ISO 8601. */
  readonly completedAt?: string;
  /** Address of the test's file below the root, `/a.test.js`, when known. */
  readonly file?: string;
  /** Place of the failing line. */
  readonly place?: Problem;
}

export interface TestTotals {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
  readonly total: number;
}

/** A run of the tests of a folder in one realm. */
export interface TestRun {
  readonly id: string;
  readonly root: string;
  /** Name of the realm. */
  readonly realm: string;
  /** Addresses below the root, `/a.test.js`. */
  readonly files: readonly string[];
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly totals: TestTotals;
  /** All tests known so far, in order of their end. */
  readonly tests: readonly TestOutcome[];
  /** Ms. */
  readonly duration: number;
  /** Why it failed as a whole. */
  readonly error?: string;
}
