/** A read-only copy of what the server knows. Tree, panels, lenses, Problems and status bar are functions of it. */
import * as vscode from "vscode";
import type { DevServerState } from "../protocol/dev-server.ts";
import type { Log, Problem, Project, Repl, Run, Session, TestRun } from "../protocol/model.ts";
import {
  afterServerLoss,
  devServerAfterServerLoss,
  isSameRun,
  replAfterServerLoss,
  testsAfterServerLoss,
} from "./mirror-facts.ts";
import type { ServerState } from "./server-process.ts";

export type MirrorPart =
  | "projects"
  | "projectProblems"
  | "devServers"
  | "sessions"
  | "runs"
  | "repls"
  | "tests"
  | "server";

/** Older runs of one document are forgotten beyond this. */
const runsPerFile = 500;
/** Older test runs are over and reported. */
const testRuns = 20;

export class Mirror implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<MirrorPart>();
  readonly #runs = new Map<string, Run[]>();
  #projects: readonly Project[] | undefined;
  #projectProblems: readonly Problem[] = [];
  #devServers: readonly DevServerState[] = [];
  #sessions: readonly Session[] = [];
  #repls: readonly Repl[] = [];
  #testRuns: readonly TestRun[] = [];
  #server: ServerState = { name: "idle" };

  /** Fired after a part was replaced. */
  readonly onDidChange = this.#changed.event;

  /** Projects of the workspace; undefined until somebody looked. */
  get projects(): readonly Project[] | undefined {
    return this.#projects;
  }

  /** What is wrong in the files that configure projects. */
  get projectProblems(): readonly Problem[] {
    return this.#projectProblems;
  }

  /** Dev servers that run here or are attached, and those that ran. */
  get devServers(): readonly DevServerState[] {
    return this.#devServers;
  }

  /** @param id of the project */
  devServerOf(id: string): DevServerState | undefined {
    return this.#devServers.find(({ pluginID }) => pluginID === id);
  }

  get sessions(): readonly Session[] {
    return this.#sessions;
  }

  /** The REPLs that are on, here or in another process. */
  get repls(): readonly Repl[] {
    return this.#repls;
  }

  get logs(): readonly Log[] {
    return this.#repls.flatMap(({ logs }) => logs);
  }

  get server(): ServerState {
    return this.#server;
  }

  /** Runs of a document, oldest first. */
  runsOf(file: string): readonly Run[] {
    return this.#runs.get(file) ?? [];
  }

  get runs(): readonly Run[] {
    return [...this.#runs.values()].flat();
  }

  /** The workspace session of the project at `root`. */
  sessionOf(root: string): Session | undefined {
    return this.#sessions.find(
      (session) => session.kind === "workspace" && session.project.root === root,
    );
  }

  /** The log that is kept in a file, with its REPL. */
  logOf(file: string): { readonly repl: Repl; readonly log: Log } | undefined {
    for (const repl of this.#repls) {
      const log = repl.logs.find((each) => each.file === file);
      if (log) return { repl, log };
    }
    return undefined;
  }

  testRun(id: string): TestRun | undefined {
    return this.#testRuns.find((run) => run.id === id);
  }

  setProjects(projects: readonly Project[]): void {
    this.#projects = projects;
    this.#changed.fire("projects");
  }

  setProjectProblems(problems: readonly Problem[]): void {
    this.#projectProblems = problems;
    this.#changed.fire("projectProblems");
  }

  setDevServers(states: readonly DevServerState[]): void {
    this.#devServers = states;
    this.#changed.fire("devServers");
  }

  /** Takes one state that a method answered with; the event may come before or after. */
  setDevServer(state: DevServerState): void {
    const others = this.#devServers.filter(({ pluginID }) => pluginID !== state.pluginID);
    this.setDevServers([...others, state]);
  }

  setSessions(sessions: readonly Session[]): void {
    this.#sessions = sessions;
    this.#changed.fire("sessions");
  }

  /** Takes one session that a method answered with; the event may come before or after. */
  setSession(session: Session): void {
    const others = this.#sessions.filter(({ id }) => id !== session.id);
    this.setSessions([...others, session]);
  }

  setRun(run: Run): void {
    const kept = this.runsOf(run.file).filter((other) => !isSameRun(other, run));
    this.#runs.set(run.file, [...kept, run].slice(-runsPerFile));
    this.#changed.fire("runs");
  }

  /** Forgets the runs of a document, as its results were cleared. */
  forgetRuns(file: string): void {
    if (this.#runs.delete(file)) this.#changed.fire("runs");
  }

  setRepls(repls: readonly Repl[]): void {
    this.#repls = repls.filter(({ state }) => state.name !== "off");
    this.#changed.fire("repls");
  }

  /** Takes one REPL that a method answered with; the event may come before or after. */
  setRepl(repl: Repl): void {
    const isSame = this.#repls.some(({ root }) => root === repl.root);
    this.setRepls(
      isSame
        ? this.#repls.map((each) => (each.root === repl.root ? repl : each))
        : [...this.#repls, repl],
    );
  }

  setTestRun(run: TestRun): void {
    const others = this.#testRuns.filter(({ id }) => id !== run.id);
    this.#testRuns = [...others, run].slice(-testRuns);
    this.#changed.fire("tests");
  }

  setServer(state: ServerState): void {
    this.#server = state;
    this.#changed.fire("server");
    if (state.name !== "waiting" && state.name !== "failed") return;
    this.setSessions(this.#sessions.map((session) => afterServerLoss(session, state)));
    this.setDevServers(this.#devServers.map(devServerAfterServerLoss));
    this.setRepls(this.#repls.map(replAfterServerLoss));
    for (const run of this.#testRuns) this.setTestRun(testsAfterServerLoss(run));
    for (const run of this.runs) {
      if (run.state === "running")
        this.setRun({ ...run, state: "cancelled", summary: "The server ended" });
    }
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
