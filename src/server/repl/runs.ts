/** Runs of blocks: which realm, one at a time per realm, from the request to the result in the file. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { findBlocks } from "../../markdown/blocks.ts";
import type { Config, RunBlock } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Run } from "../../protocol/model.ts";
import type { ResolvedImport } from "../../protocol/realm.ts";
import type { Log } from "../log.ts";
import type { LiveRealm } from "../realms/realms.ts";
import type { TrustGate } from "../trust-gate.ts";
import { Execution } from "./execution.ts";
import type { Jobs } from "./jobs.ts";
import type { Results } from "./results.ts";

export interface RunsParts {
  readonly trust: TrustGate;
  readonly jobs: Jobs;
  readonly results: Results;
  readonly log: Log;
  config(): Config;
  /** Finds the realm a block runs in. Throws UserError `realm_gone` with what to do when there is none. */
  chooseRealm(file: string, wish: string | undefined): Promise<LiveRealm>;
  /** Resolves literal imports in the page's project. Node realms resolve by themselves. */
  resolveImports(
    realm: LiveRealm,
    file: string,
    specifiers: readonly string[],
  ): Promise<readonly ResolvedImport[]>;
  /** Ends a realm that cannot be asked to stop. */
  kill(realm: LiveRealm): void;
  changed(run: Run): void;
}

/** Finished runs remembered, so that a late question about one is answered. */
const keptRuns = 200;

export class Runs {
  readonly #parts: RunsParts;
  readonly #executions = new Map<string, { execution: Execution; done: Promise<Run> }>();

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  /** Starts a run in each realm that is asked for; answers with the first, at once. */
  start(request: RunBlock): Run {
    this.#parts.trust.require("Running a block");
    const blocks = findBlocks(request.text);
    const block = blocks[request.block];
    if (block === undefined) {
      throw new UserError(
        "not_found",
        `${path.basename(request.file)} has no block ${request.block + 1} that can run`,
      );
    }
    const wishes = request.realm === undefined ? block.realms : [request.realm];
    const [first, ...others] = wishes;
    const startIn = (wish: string | undefined): Run =>
      this.#start(
        new Execution({
          ...this.#parts,
          request,
          block,
          blocks: blocks.length,
          wish,
          id: randomBytes(16).toString("base64url"),
        }),
      );
    const run = startIn(first);
    others.forEach(startIn);
    return run;
  }

  stop(id: string): void {
    this.#known(id).execution.stop();
  }

  /** Resolves when the run is over and its result is written. */
  finished(id: string): Promise<Run> {
    return this.#known(id).done;
  }

  #start(execution: Execution): Run {
    const { run } = execution;
    this.#executions.set(run.id, { execution, done: execution.start() });
    const oldest = this.#executions.keys().next();
    if (this.#executions.size > keptRuns && !oldest.done) this.#executions.delete(oldest.value);
    return run;
  }

  #known(id: string): { execution: Execution; done: Promise<Run> } {
    const known = this.#executions.get(id);
    if (known === undefined) throw new UserError("not_found", `There is no run ${id}`);
    return known;
  }
}
