/** `--test`: runs the tests of a folder in a page that is connected, and prints what came of them (16.4). */
import { formatTestProgress, testDurationFmt } from "../../markdown/log/tests.ts";
import { derivePort } from "../../markdown/log/names.ts";
import { UserError } from "../../protocol/errors.ts";
import type { TestRun } from "../../protocol/model.ts";
import { chooseForTests } from "../repl/api/tests.ts";
import { DEFAULT_TEST_FILES, discoverTests } from "../repl/discover-tests.ts";
import type { Instance } from "../repl/logs/instance.ts";
import type { Repl } from "../repl/logs/repl.ts";
import { callApi, serverOf, type ServerAddress } from "./api-client.ts";
import { exitCodes, printJson, printLine, untilSignal } from "./output.ts";
import { whoListens } from "./repl-port.ts";
import type { RunningRepl } from "./start-repl.ts";

export interface TestOptions {
  /** `true` for the default pattern. */
  readonly test?: string | true;
  /** Part of a realm's name. */
  readonly page?: string;
  readonly port?: number;
  readonly json?: boolean;
}

/** Ms between two looks at a run. A realm reports every 2 s at most. */
const lookMs = 100;
/** Ms a realm is waited for by a server that was started for the tests. */
const arrivalMs = 30_000;

/** @returns the exit code: 0 only when at least one file ran and nothing failed */
export async function runTests(
  root: string,
  options: TestOptions,
  start: () => Promise<RunningRepl>,
): Promise<number> {
  const pattern = typeof options.test === "string" ? options.test : DEFAULT_TEST_FILES;
  const running = await findServer(root, options.port);
  if (running !== undefined)
    return report(await runThere(running, { root, pattern }, options), options);
  const files = await discoverTests(root, { files: pattern });
  if (files.length === 0)
    throw new UserError("not_found", `No test file matches ${pattern} in ${root}`);
  const ended = untilSignal();
  const own = await start();
  const over = new AbortController();
  try {
    invite(own, options);
    const run = await Promise.race([runHere(own, { files, over }, options), ended]);
    return run === undefined ? exitCodes.failed : report(run, options);
  } finally {
    over.abort();
    await own.close();
  }
}

function invite({ url, root, server }: RunningRepl, { json }: TestOptions): void {
  if (json === true) return printJson({ event: "ready", url, token: server.welcome.token, root });
  printLine(`Open ${url} in a browser within ${arrivalMs / 1000} s; the tests run in that page`);
}

/** @throws UserError when a server runs that has told this user nothing */
async function findServer(
  root: string,
  port: number | undefined,
): Promise<ServerAddress | undefined> {
  const server = await serverOf(root);
  if (server !== undefined) return server;
  const wanted = port ?? derivePort(root);
  if ((await whoListens(wanted, root)) !== "same root") return undefined;
  throw new UserError(
    "not_found",
    `A REPL of ${root} runs on port ${wanted}, but it has told this user no token. Stop it, or run the tests as its user`,
  );
}

async function runThere(
  server: ServerAddress,
  { root, pattern }: { root: string; pattern: string },
  options: TestOptions,
): Promise<TestRun> {
  const { page } = options;
  const call = (path: string, body?: object): Promise<Record<string, unknown>> =>
    callApi(server, root, { path, ...(body === undefined ? {} : { body }) });
  const started = await call("/tests/run", {
    files: pattern,
    ...(page === undefined ? {} : { page }),
  });
  return follow(async () => toRun(await call(`/tests/${String(started["runId"])}`)), options);
}

async function runHere(
  { server, root }: RunningRepl,
  { files, over }: { files: readonly string[]; over: AbortController },
  options: TestOptions,
): Promise<TestRun> {
  const { repl } = server.repls.running(root);
  const instance = await arrived(repl, options.page, over.signal);
  const { id } = await repl.tests.start(instance, { files });
  return follow(async () => repl.tests.find(id)!, options);
}

/** Looks at a run until it is over, and prints a line whenever more tests have ended. */
async function follow(look: () => Promise<TestRun>, { json }: TestOptions): Promise<TestRun> {
  for (let told = 0; ;) {
    const run = await look();
    if (run.state !== "running") return run;
    const { totals, duration } = run;
    const ended = totals.pass + totals.fail + totals.skip;
    if (ended > told) {
      told = ended;
      if (json === true) printJson({ event: "progress", totals, duration });
      else printLine(progressLine({ totals, duration }));
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** The heading of a section of progress (12.6), without its mark. */
function progressLine({ totals, duration }: Pick<TestRun, "totals" | "duration">): string {
  const [heading = ""] = formatTestProgress({ complete: false, totals, duration }).split("\n");
  return heading.replace(/^#+ /, "");
}

/** @param over nobody waits for it any more */
async function arrived(repl: Repl, page: string | undefined, over: AbortSignal): Promise<Instance> {
  const until = Date.now() + arrivalMs;
  for (;;) {
    try {
      return chooseForTests(repl, { page });
    } catch (error) {
      if (over.aborted || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function report(run: TestRun, { json }: TestOptions): number {
  const { totals, duration, tests, state, error, files } = run;
  if (json === true) printJson({ event: "tests", ...run });
  else {
    printLine(formatTestProgress({ complete: true, totals, duration, allTests: tests }));
    if (error !== undefined) printLine(error);
    const { pass, fail, skip } = totals;
    printLine(
      `\u2713 ${pass} pass, \u2717 ${fail} fail, \u2299 ${skip} skip (${testDurationFmt(duration)})`,
    );
  }
  const isGood = state === "done" && totals.fail === 0 && files.length > 0;
  return isGood ? exitCodes.done : exitCodes.failed;
}

/** From the answer of the API. */
function toRun(answer: Record<string, unknown>): TestRun {
  const { state, progress, error, runId } = answer as {
    state: TestRun["state"];
    progress: Pick<TestRun, "totals" | "duration" | "tests">;
    error?: string;
    runId: string;
  };
  const failed = error === undefined ? {} : { error };
  return { id: runId, root: "", realm: "", files: ["/"], state, ...progress, ...failed };
}
