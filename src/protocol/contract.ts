/** The contract between the extension host (or the command line) and the server, over the IPC channel of the fork. */

import type { DevServerLine, DevServerState } from "./dev-server.ts";
import type {
  ConsoleEntry,
  Log,
  LogEntry,
  Problem,
  Project,
  Repl,
  Run,
  Session,
  TestRun,
} from "./model.ts";
import type { Streaming } from "./packs.ts";
import type { ProblemMatcher } from "./problem-matcher.ts";

/** Raised whenever a method or a shape changes incompatibly; both sides compare it first (P-10). */
export const PROTOCOL_VERSION = 1;

/** Milliseconds. Every call has a deadline; a call that waits for user code has the long one. */
export const DEADLINES = { call: 10_000, start: 40_000 } as const;

/** Settings, resolved: defaults applied, numbers clamped. Sent whole, at start and on each change. */
export interface Config {
  /** How values of blocks are shown: in the file or only in the editor. */
  readonly results: "file" | "editor";
  /** Ports for Vite hosts: inclusive start, exclusive end. */
  readonly portRange: readonly [number, number];
  /** Ports are given in their order, whatever a project had last: somebody named the first one. */
  readonly ignoreLastPorts?: boolean;
  /** Start one Vite host ahead, from the first use on. */
  readonly warmStart: boolean;
  /** How the modules of a page travel. */
  readonly streaming: Streaming;
  /** A run of a block is given up after this many ms; 0 never. */
  readonly runTimeout: number;
  readonly devServers: DevServerSettings;
}

/** Settings `vitrine.devServers.*`. */
export interface DevServerSettings {
  /** Projects as the user wrote them; the server checks them like those of a `vitrine.json`. */
  readonly projects: unknown;
  /** Globs of `.devinfo` files to attach to, besides the usual places. `~/` stands for the home folder. */
  readonly devinfo: readonly string[];
  /** What happens when a process offers itself for a project that runs here. */
  readonly onConflict: "ask" | "preferExternal" | "preferManaged";
  /** Hosts besides this machine that an attached project may name. */
  readonly allowedHosts: readonly string[];
  /** Builds at once, over all projects. */
  readonly maxConcurrentBuilds: number;
  /** Projects that run at once. */
  readonly maxRunning: number;
  /** Ms without a page and an edit after which a UI server is stopped; 0 never. */
  readonly idleStop: number;
  /** A Vite process for each project, or one for all that have the same Vite. */
  readonly isolation: "process" | "shared";
  /** Matchers that other extensions contribute, by name with `$`. Not a setting: read from their manifests. */
  readonly problemMatchers: Readonly<Record<string, readonly ProblemMatcher[]>>;
}

/** What package.json says for an editor; for servers without one. */
export const DEV_SERVER_DEFAULTS: DevServerSettings = {
  projects: [],
  devinfo: [],
  onConflict: "ask",
  allowedHosts: [],
  maxConcurrentBuilds: 2,
  maxRunning: 10,
  idleStop: 30 * 60_000,
  isolation: "process",
  problemMatchers: {},
};

/** The first message. Nothing is read from the environment or settings by the server itself. */
export interface Hello {
  readonly protocol: number;
  readonly version: string;
  /** Absolute paths of the workspace folders. */
  readonly folders: readonly string[];
  readonly trusted: boolean;
  readonly config: Config;
  /** Absolute per-user state directory. */
  readonly stateDirectory: string;
}

/** The server's answer: it is ready. */
export interface Welcome {
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  /** Origin of the control API. */
  readonly gateway: string;
  /** Control token; never leaves the host process and the discovery file. */
  readonly token: string;
}

export interface RunBlock {
  /** Absolute path of the document. */
  readonly file: string;
  /** Its text as the user sees it now. */
  readonly text: string;
  /** Index among its runnable blocks, 0-based. */
  readonly block: number;
  /** Name or kind of a realm; absent = as the fence says, else the page of the file's project, else Node. */
  readonly realm?: string;
}

export interface AppendToLog {
  readonly root: string;
  /** Name of the log. */
  readonly name: string;
  /** One word without `*`. */
  readonly agent: string;
  /** Markdown with at least one complete fence of JavaScript or TypeScript. */
  readonly chunk: string;
}

export interface RunTests {
  readonly root: string;
  /** `page` means the one seen last, `worker` the companion worker of that; else a realm's name. */
  readonly realm: string;
  /** Globs or addresses below the root. */
  readonly files: readonly string[];
  /** Full names (`suite > name`) of the tests to run; absent for all. */
  readonly names?: readonly string[];
}

/** How a document stands in the editor. */
export type DocumentState = "clean" | "dirty" | "closed";

/** Where a result goes, found again in the document's text at the moment of writing (`placeResult` of src/markdown). */
export interface ResultPlacement {
  readonly file: string;
  /** The complete region, LF line ends, without indentation. */
  readonly region: string;
  readonly id: string;
  /** Text of the block that ran. */
  readonly code: string;
  /** Its index among the runnable blocks when it was started, 0-based. */
  readonly block: number;
  /** How many runnable blocks there were then. */
  readonly blocks: number;
}

/** An open document with unsaved changes. */
export interface DirtyDocument {
  readonly text: string;
  readonly version: number;
}

/** Replaces `[start, end)`, offsets in UTF-16 code units of the text at `version`. */
export interface DirtyEdit {
  readonly file: string;
  readonly version: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The host asks. */
export interface ServerMethods {
  initialize(hello: Hello): Promise<Welcome>;
  configure(config: Config): Promise<void>;
  setFolders(folders: readonly string[]): Promise<void>;
  grantTrust(): Promise<void>;
  /** Looks for projects again. */
  findProjects(): Promise<readonly Project[]>;
  /** Opens the session of the project that contains `folder`; answers as soon as its address is known. */
  openSession(folder: string): Promise<Session>;
  stopSession(id: string): Promise<void>;
  restartSession(id: string): Promise<Session>;
  /** Starts a run and answers at once. */
  runBlock(request: RunBlock): Promise<Run>;
  stopRun(id: string): Promise<void>;
  documentChanged(file: string, state: DocumentState): Promise<void>;
  /** Starts the REPL of a folder: its registry, its logs, its requests. */
  startRepl(root: string): Promise<Repl>;
  stopRepl(root: string): Promise<void>;
  /** Makes the file of a log when there is none; answers the log. */
  openLog(root: string, name: string): Promise<Log>;
  /** Puts a request below the anchor of a log, as its file's user would. */
  appendToLog(request: AppendToLog): Promise<void>;
  /** The test files of a folder, as addresses below it: `/a.test.js`. */
  findTests(root: string, patterns: readonly string[]): Promise<readonly string[]>;
  /** Starts a test run and answers at once; `testRunChanged` tells the rest. */
  runTests(request: RunTests): Promise<TestRun>;
  cancelTests(id: string): Promise<void>;
  /** Idempotent: what runs stays as it is. */
  startDevServer(id: string): Promise<DevServerState>;
  /**
   * Starts the project in a folder of the workspace under an id of the caller's choice. It need not be configured.
   * @param folder absolute path
   */
  startDevServerForPath(id: string, folder: string): Promise<DevServerState>;
  /** Ends what runs here, or lets go of a process outside, which lives on. */
  stopDevServer(id: string): Promise<void>;
  /** Also starts what does not run. */
  restartDevServer(id: string): Promise<DevServerState>;
  /** Installs the packages of a project, then starts it; answers when that has begun. */
  installDependencies(id: string): Promise<DevServerState>;
  /** The back end only; answers when the build was asked for. */
  rebuildDevServer(id: string): Promise<void>;
  /** @param devinfo absolute path of a `.devinfo` file; absent for the project's own */
  attachDevServer(id: string, devinfo?: string): Promise<DevServerState>;
  /** Lets go of a process outside until its `.devinfo` changes. */
  detachDevServer(id: string): Promise<void>;
  /** The newest lines, oldest first. @param count 0 or less for all that are kept */
  devServerLogs(id: string, count: number): Promise<readonly DevServerLine[]>;
  ping(): Promise<void>;
  /** Orderly end; answers when every child is gone. */
  shutdown(): Promise<void>;
}

/** The server asks the host. */
export interface HostMethods {
  /** The address under which the editor's window reaches a loopback port. May be called before anything listens. */
  externalAddress(port: number): Promise<string>;
  /** Puts a result into the open document, and saves it if it was clean. False when the document is not open. */
  placeResult(placement: ResultPlacement): Promise<boolean>;
  /** The document as the editor has it, when it is open with unsaved changes; else undefined. */
  readDirty(file: string): Promise<DirtyDocument | undefined>;
  /** Changes an open document without saving it. False when it is no longer at that version. */
  editDirty(edit: DirtyEdit): Promise<boolean>;
}

/** The server tells. Whole snapshots; the host mirrors them read-only. */
export interface ServerEvents {
  projectsChanged(projects: readonly Project[]): void;
  /** What is wrong in the files that configure projects. */
  projectProblemsChanged(problems: readonly Problem[]): void;
  sessionsChanged(sessions: readonly Session[]): void;
  /** Realms that belong to no session. */
  runChanged(run: Run): void;
  /** The REPLs of all folders, with their logs. */
  replsChanged(repls: readonly Repl[]): void;
  testRunChanged(run: TestRun): void;
  devServersChanged(states: readonly DevServerState[]): void;
  devServerLogged(lines: readonly DevServerLine[]): void;
  consoleLogged(entries: readonly ConsoleEntry[]): void;
  logged(entries: readonly LogEntry[]): void;
}
