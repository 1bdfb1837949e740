/** One run, from the block's text to the result in the file. */
import { createHash } from "node:crypto";
import type { Block } from "../../markdown/blocks.ts";
import { codeHash } from "../../markdown/results.ts";
import type { RunBlock } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { RealmKind, Run } from "../../protocol/model.ts";
import { BlockSyntaxError, compileBlock, type CompiledBlock } from "./compile.ts";
import { endedOutcome, errorText, placeText, type JobOutcome } from "./outcome.ts";
import { resultRegion } from "./region.ts";
import type { RunsParts } from "./runs.ts";

export interface ExecutionParts extends RunsParts {
  readonly id: string;
  readonly request: RunBlock;
  readonly block: Block;
  /** How many runnable blocks the document had. */
  readonly blocks: number;
  /** Name or kind of a realm, absent for the default. */
  readonly wish: string | undefined;
}

/** Characters of a summary. */
const summaryLength = 200;

export class Execution {
  readonly #parts: ExecutionParts;
  readonly #stopped = new AbortController();
  #run: Run;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    const { id, request, block, wish } = parts;
    this.#run = {
      id,
      file: request.file,
      block: block.index,
      code: codeHash(sha256, block.code),
      realm: wish ?? "page",
      realmKind: isKind(wish) ? wish : "page",
      state: "running",
      startedAt: Date.now(),
      ms: 0,
      summary: "",
      problems: [],
    };
  }

  get run(): Run {
    return this.#run;
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Resolves when the result is written. Never rejects for what the block does. */
  async start(): Promise<Run> {
    this.#set({});
    const outcome = await this.#execute().catch((error: unknown) => this.#failed(error));
    const { state, ms, problem } = outcome;
    const ended = {
      ...this.#run,
      state,
      ms: Math.round(ms),
      summary: summaryOf(outcome),
      problems: problem === undefined ? [] : [problem],
    };
    await this.#place(ended, outcome);
    this.#set(ended);
    return this.#run;
  }

  #set(change: Partial<Run>): void {
    this.#run = { ...this.#run, ...change };
    this.#parts.changed(this.#run);
  }

  async #execute(): Promise<JobOutcome> {
    const { request, wish, jobs, config, id } = this.#parts;
    const { file } = request;
    const realm = await this.#parts.chooseRealm(file, wish);
    const { name, kind } = realm.facts();
    this.#set({ realm: name, realmKind: kind });
    const script = await this.#compile(kind);
    const imports =
      kind === "node" ? [] : await this.#parts.resolveImports(realm, file, script.specifiers);
    return jobs.run(
      realm,
      {
        type: "run",
        job: id,
        scope: file,
        script: `-vitrine/block/${id}.js`,
        code: script.script,
        scriptName: `vitrine-block-${id}.js`,
        file,
        imports,
      },
      {
        script,
        timeout: config().runTimeout,
        stop: this.#stopped.signal,
        kill: () => this.#parts.kill(realm),
      },
    );
  }

  #compile(kind: RealmKind): Promise<CompiledBlock> {
    const { request, block, id } = this.#parts;
    return compileBlock({
      code: block.code,
      language: block.language,
      file: request.file,
      lineOffset: block.codeLine,
      columnOffset: block.columns,
      documentText: request.text,
      job: id,
      target: kind === "node" ? "node" : "page",
    });
  }

  #failed(error: unknown): JobOutcome {
    const { file } = this.#parts.request;
    if (error instanceof UserError) return endedOutcome(error, 0);
    if (!(error instanceof BlockSyntaxError)) {
      this.#parts.log.bug(error, "running a block");
      return {
        state: "error",
        ms: 0,
        events: [],
        missing: 0,
        error: `The block could not be run: ${String(error)}. Look at the log`,
      };
    }
    const { line, column, message } = error;
    const head = `SyntaxError: ${message}`;
    return {
      state: "error",
      ms: 0,
      events: [],
      missing: 0,
      error: errorText(head, [placeText(file, { file, line, column })]),
      problem: { file, line, column, severity: "error", message: head, source: "block" },
    };
  }

  async #place(run: Run, outcome: JobOutcome): Promise<void> {
    const { config, results, request, block, blocks, wish, log } = this.#parts;
    if (config().results !== "file") return;
    const region = resultRegion({ run, block, wish, outcome });
    try {
      await results.place({
        file: request.file,
        region: region.text,
        id: region.id,
        code: block.code,
        block: block.index,
        blocks,
      });
    } catch (error) {
      log.add(
        "error",
        `The result could not be written into ${request.file}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** Until the realm is known its kind is what the fence says. */
function isKind(wish: string | undefined): wish is RealmKind {
  return wish === "worker" || wish === "iframe" || wish === "node";
}

function summaryOf({ error, value }: JobOutcome): string {
  const text = error ?? (value !== undefined && "text" in value ? value.text : (value?.kind ?? ""));
  return (text.split("\n", 1)[0] ?? "").slice(0, summaryLength);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
