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
}

export class Testing {
  readonly #parts: TestingParts;

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
    const instance = await arrived(repl, request.realm);
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
  seen(run: TestRun): TestRun {
    const prefix = this.#prefix({ key: run.realm }, run.root);
    const inFolder = (file: string): string => prefix + file;
    return {
      ...run,
      files: run.files.map(inFolder),
      tests: run.tests.map((test) => withPlace(test, { root: run.root, inFolder })),
    };
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
      if (realm !== "page" && realm !== "worker") return chooseForTests(repl, { instance: realm });
      const live = repl.instances().filter(({ isOnline, kind }) => isOnline && kind === realm);
      return live[0] ?? chooseForTests({ instances: () => live, find: () => undefined }, {});
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The first frame of a failure's stack that lies in a file of the folder. 1-based. */
function withPlace(
  test: TestOutcome,
  { root, inFolder }: { root: string; inFolder: (file: string) => string },
): TestOutcome {
  const file = test.file === undefined ? {} : { file: inFolder(test.file) };
  const own = { ...test, ...file };
  if (test.error === null || test.place !== undefined) return own;
  const frame = frames(test.error).find(
    ({ address }) => test.file === undefined || address === test.file,
  );
  if (frame === undefined) return own;
  const { address, line, column } = frame;
  return {
    ...own,
    place: {
      file: path.join(root, ...inFolder(address).split("/")),
      line,
      column,
      severity: "error",
      message: test.error.split("\n", 1)[0] ?? test.error,
      source: "test",
    },
  };
}

/** Addresses of frames, without origin and query, as far as they lie on this machine. */
function frames(stack: string): { address: string; line: number; column: number }[] {
  const found = stack.matchAll(/https?:\/\/[^/\s)]+(\/[^\s?:)]*)(?:\?[^\s:)]*)?:(\d+):(\d+)/g);
  return [...found].map(([, address, line, column]) => ({
    address: decodeURIComponent(address!),
    line: Number(line),
    column: Number(column),
  }));
}
