/** Runs that were started in this window: where their blocks stood, and who waits for their end. */
import * as vscode from "vscode";
import type { Problem, Run } from "../protocol/model.ts";
import { blocksOf, type HashedBlock } from "./document-blocks.ts";
import type { Mirror } from "./mirror.ts";
import { shifted } from "./problem-places.ts";

export class Runs implements vscode.Disposable {
  readonly #mirror: Mirror;
  readonly #subscription: vscode.Disposable;
  /** Line of the block's fence when the run was started, 0-based, by run. */
  readonly #lines = new Map<string, number>();
  readonly #waiting = new Map<string, (run: Run) => void>();

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
    this.#subscription = mirror.onDidChange((part) => {
      if (part === "runs") this.#settle();
    });
  }

  /** Takes a run that the server just started from a block. */
  started(run: Run, block: HashedBlock): void {
    this.#lines.set(run.id, block.startLine);
    // Its events may have come before the answer; the newest state stays.
    if (!this.#mirror.runsOf(run.file).some(({ id }) => id === run.id)) this.#mirror.setRun(run);
  }

  /** Settles when the run is over. */
  finished({ id, file }: Run): Promise<Run> {
    const run = this.#mirror.runsOf(file).find((each) => each.id === id);
    if (run && run.state !== "running") return Promise.resolve(run);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Problems of blocks where those blocks are now; a block that was changed or removed has none any more. */
  problems(): Problem[] {
    return this.#mirror.runs
      .filter(({ problems }) => problems.length > 0)
      .flatMap((run) => this.#moved(run));
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #moved(run: Run): readonly Problem[] {
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === run.file);
    const line = this.#lines.get(run.id);
    if (!document || line === undefined) return run.problems;
    const { blocks } = blocksOf(document);
    const same = blocks.filter(({ hash }) => hash === run.code);
    const block = same.find(({ index }) => index === run.block) ?? same[0];
    if (!block) return [];
    return run.problems.map((problem) =>
      problem.file === run.file ? shifted(problem, block.startLine - line) : problem,
    );
  }

  #settle(): void {
    if (this.#waiting.size === 0) return;
    for (const run of this.#mirror.runs) {
      if (run.state === "running") continue;
      this.#waiting.get(run.id)?.(run);
      this.#waiting.delete(run.id);
    }
  }
}
