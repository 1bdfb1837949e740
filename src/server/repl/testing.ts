/** Test runs that the editor asks for: which realm, which of its files, and places of failures in the sources. */
import path from "node:path";
import type { RunTests } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { TestOutcome, TestRun } from "../../protocol/model.ts";
import { chooseForTests } from "./api/tests.ts";
import { discoverTests } from "./discover-tests.ts";
import type { Instance } from "./logs/instance.ts";
import type { OpenRepl, Repls } from "./logs/repls.ts";

export interface TestingParts {
  readonly repls: Repls;
  /** Absolute root of the project whose pages a realm is one of; undefined for realms of the root itself. */
  projectRootOf(realm: string): string | undefined;
  /** Name of the page below a root that was seen last, of those that can be reached now. */
  pageOf(root: string): string | undefined;
  /** Name of the companion worker of a page; it is made when there is none. */
  workerOf(page: string): Promise<string>;
  /** The first frame of a stack that lies in a source of the realm's project. */
  placeOf(realm: string, stack: string): Promise<Place | undefined>;
}

/** Absolute file, line and column 1-based. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export class Testing {
  readonly #parts: TestingParts;
  /** Places that were looked for, by realm and stack: a run is told again with each of its tests. */
  readonly #places = new Map<string, Promise<Place | undefined>>();

  constructor(parts: TestingParts) {
    this.#parts = parts;
  }

  /** Test files as addresses below a folder; the usual ones without patterns. */
  find(root: string, patterns: readonly string[]): Promise<readonly string[]> {
    return discoverTests(root, patterns.length === 0 ? {} : { files: [...patterns] });
  }

  /** @param request `root` is a real path of a workspace folder */
  async run(request: RunTests): Promise<TestRun> {
    const { repls } = this.#parts;
    // Whoever runs tests wants their log; the REPL of the folder is started for them.
    if (repls.get(request.root) === undefined) await repls.start(request.root);
    const { repl } = repls.running(request.root);
    const instance = await this.#realm(repl, request);
    const prefix = this.#prefix(instance, request.root);
    const found = await discoverTests(request.root, { files: [...request.files] });
    const files = found.filter((file) => file.startsWith(`${prefix}/`));
    if (files.length === 0)
      throw new UserError(
        "realm_gone",
        `${instance.key} shows ${prefix === "" ? request.root : prefix.slice(1)}, where none of these test files is. Open the preview of their project`,
      );
    const run = await repl.tests.start(instance, {
      files: files.map((file) => file.slice(prefix.length)),
      ...(request.names === undefined ? {} : { names: request.names }),
    });
    return this.seen(run);
  }

  async cancel(id: string): Promise<void> {
    for (const { root } of this.#parts.repls.list())
      await this.#parts.repls.get(root)?.repl.tests.cancel(id);
  }

  /** A run with its files, and the places of its failures, as the workspace folder knows them. */
  async seen(run: TestRun): Promise<TestRun> {
    const prefix = this.#prefix({ key: run.realm }, run.root);
    const tests = run.tests.map((test) => this.#placed(test, run, prefix));
    return {
      ...run,
      files: run.files.map((file) => prefix + file),
      tests: await Promise.all(tests),
    };
  }

  async #placed(test: TestOutcome, { realm, root }: TestRun, prefix: string): Promise<TestOutcome> {
    const own = { ...test, ...(test.file === undefined ? {} : { file: prefix + test.file }) };
    if (test.error === null || test.place !== undefined) return own;
    const key = `${realm}\n${test.error}`;
    const finding =
      this.#places.get(key) ??
      this.#parts
        .placeOf(realm, test.error)
        .then((place) => place ?? firstFrame(test.error ?? "", root + prefix));
    this.#places.set(key, finding);
    const place = await finding;
    if (place === undefined) return own;
    const message = test.error.split("\n", 1)[0] ?? test.error;
    return { ...own, place: { ...place, severity: "error", message, source: "test" } };
  }

  /** Pages that poll are known to the REPL alone. */
  async #realm(repl: OpenRepl["repl"], { root, realm }: RunTests): Promise<Instance> {
    if (realm !== "page" && realm !== "worker") return arrived(repl, realm);
    const page = await arrived(repl, this.#parts.pageOf(root) ?? "page");
    return realm === "page" ? page : arrived(repl, await this.#parts.workerOf(page.key));
  }

  /** Address of the realm's project below the folder: empty, or `/packages/shop`. */
  #prefix({ key }: Pick<Instance, "key">, root: string): string {
    const project = this.#parts.projectRootOf(key) ?? root;
    const relative = path.relative(root, project).split(path.sep).join("/");
    return relative === "" || relative.startsWith("..") ? "" : `/${relative}`;
  }
}

/** Ms a page that has just been opened is waited for. */
const arrivalMs = 5000;

async function arrived(repl: OpenRepl["repl"], realm: string): Promise<Instance> {
  const until = Date.now() + arrivalMs;
  for (;;) {
    try {
      if (realm !== "page") return chooseForTests(repl, { instance: realm });
      const live = repl.instances().filter(({ isOnline, kind }) => isOnline && kind === realm);
      return live[0] ?? chooseForTests({ instances: () => live, find: () => undefined }, {});
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Where no Vite host knows more: the first address of a stack that is a file of the page's own folder. */
function firstFrame(stack: string, folder: string): Place | undefined {
  const frames = stack.matchAll(/https?:\/\/[^/\s)]+(\/[^\s?:)]*)(?:\?[^\s:)]*)?:(\d+):(\d+)/g);
  for (const [, address = "", line, column] of frames) {
    if (address.includes("/-daebug-")) continue;
    return {
      file: path.join(folder, ...decodeURIComponent(address).split("/")),
      line: Number(line),
      column: Number(column),
    };
  }
  return undefined;
}
