/**
 * Node's own test runner as a block sees it (REPL specification 13.4): everything is Node's, only `run()` resolves to the
 * results of 12.5, as it does in pages, and tells its progress over the realm's channel.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { glob } from "tinyglobby";
import type { FromRealm, RunRequest, TestProgress } from "../../protocol/realm.ts";
import {
  createTestReport,
  type TestEvent,
  type TestReport,
  type TestResults,
} from "./test-report.ts";

const progressMs = 2000;
/** Tests of one message; the server reads no more. */
const toldTests = 10_000;
/** Folders that hold no tests of the project. */
const ignored = ["node_modules", ".git", "dist", "build", "daebug"].map((name) => `**/${name}/**`);

type NodeRun = typeof import("node:test").run;
type NodeRunOptions = NonNullable<Parameters<NodeRun>[0]>;

interface RunOptions extends Omit<NodeRunOptions, "files"> {
  /** Globs and paths; a leading slash is the project's root. */
  readonly files?: string | readonly string[];
}

export interface NodeTestParts {
  /** Absolute path of the project's root. */
  readonly root: string;
  /** Name of this realm. */
  name(): string;
  send(message: FromRealm): void;
}

/** The exports of `node:test` for a block. */
export async function loadNodeTest(request: RunRequest, parts: NodeTestParts): Promise<object> {
  const original = await import("node:test");
  const run = (options?: RunOptions): Promise<TestResults> =>
    runTests(original.run, options ?? {}, { ...parts, job: request.job });
  const main = new Proxy(original.default, {
    get: (target, key) => (key === "run" ? run : (Reflect.get(target, key) as unknown)),
  });
  return { ...original, default: main, run };
}

async function runTests(
  run: NodeRun,
  { files, ...options }: RunOptions,
  parts: NodeTestParts & { readonly job: string },
): Promise<TestResults> {
  const { root, job, name, send } = parts;
  const report = createTestReport(root);
  const began = performance.now();
  const duration = (): number => Math.round(performance.now() - began);
  const tell = (complete: boolean): void => {
    const facts = { realmName: name(), complete, duration: duration() };
    send({ type: "test-progress", job, progress: progressOf(report, facts) });
  };
  const timer = setInterval(tell, progressMs, false);
  // On a desktop this process is Electron, and so are those of the test files.
  const isElectron = "electron" in process.versions;
  if (isElectron) process.env["ELECTRON_RUN_AS_NODE"] = "1";
  try {
    const found = files === undefined ? undefined : await findFiles(files, root);
    const execArgv = [`--import=${projectHooks(root)}`, ...(options.execArgv ?? [])];
    const settings = { ...options, execArgv, ...(found && { files: found }) };
    // Given no files, Node would look for some itself.
    if (found?.length !== 0) await listen(run(settings), report);
  } catch (error) {
    report.crashed(error);
  } finally {
    clearInterval(timer);
    if (isElectron) delete process.env["ELECTRON_RUN_AS_NODE"];
  }
  tell(true);
  const results = report.results(duration());
  Object.assign(globalThis, { __daebug_test_results: results });
  return results;
}

async function listen(stream: ReturnType<NodeRun>, report: TestReport): Promise<void> {
  for await (const event of stream as AsyncIterable<TestEvent>) {
    report.hear(event);
    if (event.type === "test:stdout") process.stdout.write(event.data.message ?? "");
    if (event.type === "test:stderr") process.stderr.write(event.data.message ?? "");
  }
}

function progressOf(
  report: TestReport,
  facts: Pick<TestProgress, "realmName" | "complete" | "duration">,
): TestProgress {
  const tests = facts.complete ? report.all() : report.recent();
  const told = tests.slice(0, toldTests);
  return {
    ...facts,
    reportedAt: new Date().toISOString(),
    totals: report.totals(),
    ...(facts.complete ? { allTests: told } : { recentTests: told }),
  };
}

/** Absolute paths, sorted. A pattern that finds nothing is no error. */
async function findFiles(files: string | readonly string[], root: string): Promise<string[]> {
  const wanted = (typeof files === "string" ? [files] : files).map((file) =>
    file.replaceAll("\\", "/"),
  );
  const patterns = wanted
    .filter((file) => !isPath(file))
    .map((file) => file.split("/").filter((part) => part !== "" && part !== "."))
    .filter((parts) => !parts.includes(".."))
    .map((parts) => parts.join("/"));
  const found =
    patterns.length === 0
      ? []
      : await glob(patterns, {
          cwd: root,
          ignore: ignored,
          absolute: true,
          followSymbolicLinks: false,
        });
  const all = [...wanted.filter(isPath), ...found].map((file) => path.resolve(file));
  return [...new Set(all)].toSorted();
}

function isPath(file: string): boolean {
  return path.isAbsolute(file) && existsSync(file);
}

/** Each test file has a process of its own, which shall load the project's files as this one does. */
function projectHooks(root: string): string {
  const loader = JSON.stringify(new URL("./node-loader.js", import.meta.url).href);
  const data = JSON.stringify({ data: { root } });
  const code = `import { register } from "node:module"; register(${loader}, ${data});`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
