/** A read-only copy of what the server knows. Tree, panels, lenses, Problems and status bar are functions of it. */
import * as vscode from "vscode";
import type { Project, Run, Session } from "../protocol/model.ts";
import { afterServerLoss, isSameRun } from "./mirror-facts.ts";
import type { ServerState } from "./server-process.ts";

export type MirrorPart = "projects" | "sessions" | "runs" | "server";

/** Older runs of one document are forgotten beyond this. */
const runsPerFile = 500;

export class Mirror implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<MirrorPart>();
  readonly #runs = new Map<string, Run[]>();
  #projects: readonly Project[] | undefined;
  #sessions: readonly Session[] = [];
  #server: ServerState = { name: "idle" };

  /** Fired after a part was replaced. */
  readonly onDidChange = this.#changed.event;

  /** Projects of the workspace; undefined until somebody looked. */
  get projects(): readonly Project[] | undefined {
    return this.#projects;
  }

  get sessions(): readonly Session[] {
    return this.#sessions;
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

  setProjects(projects: readonly Project[]): void {
    this.#projects = projects;
    this.#changed.fire("projects");
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

  setServer(state: ServerState): void {
    this.#server = state;
    this.#changed.fire("server");
    if (state.name !== "waiting" && state.name !== "failed") return;
    this.setSessions(this.#sessions.map((session) => afterServerLoss(session, state)));
    for (const run of this.runs) {
      if (run.state === "running")
        this.setRun({ ...run, state: "cancelled", summary: "The server ended" });
    }
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
