/** What becomes of a good build: artefact, process, handshake, roll-back, crashes (dev-servers 4.4, 11; scenario 9). */
import { readFile, stat, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { BackendConfig, Handshake } from "../../../src/server/dev-servers/project-config.ts";
import { openBackend, type TestBackend, type TestBackendOptions } from "../../support/backends.ts";
import { isAlive } from "../../support/alive.ts";

/** "Compiles" one file into another, and fails where the source says so. */
const build = `
  import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
  if (readFileSync("src/app.mjs", "utf8").includes("SYNTAX")) {
    console.error("src/app.mjs(1,1): error TS1: no");
    process.exit(1);
  }
  mkdirSync("out", { recursive: true });
  copyFileSync("src/app.mjs", "out/app.mjs");
`;
const serve = (answer: string, more = ""): string => `
  import { createServer } from "node:http";
  ${more}
  createServer((_request, response) => response.end("${answer}"))
    .listen(Number(process.env.PORT ?? 0), "127.0.0.1", function () { console.log("serving on port " + this.address().port); });
`;
const byLine: Handshake = {
  type: "regex",
  pattern: String.raw`serving on port (?<port>\d+)`,
  timeoutMs: 20_000,
};

let backend: TestBackend;
afterEach(() => backend?.close());

interface Wanted extends Partial<TestBackendOptions> {
  readonly app?: string;
  readonly handshake?: Handshake;
  readonly env?: Record<string, string>;
  readonly more?: (root: string) => Partial<BackendConfig>;
}

async function open({
  app = serve("one"),
  handshake = byLine,
  env = {},
  more,
  ...options
}: Wanted = {}): Promise<void> {
  backend = await openBackend({
    ...options,
    files: { "package.json": "{}", "build.mjs": build, "src/app.mjs": app, ...options.files },
    config: (root) => ({
      build: { command: [process.execPath, "build.mjs"], cwd: root, env: {} },
      artifact: `${root}/out/app.mjs`,
      install: `${root}/bin/app.mjs`,
      run: { command: [process.execPath, "${artifact}"], cwd: root, env, handshake },
      watch: { include: ["src/**/*.mjs"], exclude: [] },
      debounceMs: 30,
      ...more?.(root),
    }),
  });
  await backend.start();
}
const answer = async (): Promise<string> =>
  (await fetch(`http://${backend.facts().address}/`)).text();
/** Saves the source and waits for the next status of that name. */
async function save(app: string, status: "ready" | "error" = "ready"): Promise<number> {
  const seen = backend.told.length;
  await writeFile(backend.file("src/app.mjs"), app);
  await backend.untilStatus(status, seen);
  return seen;
}
const said = (from = 0): string[] =>
  backend.told.slice(from).flatMap((one) => (one.name === "log" ? [one.message] : []));

describe("artefacts", () => {
  test("a build is installed as a program that can run, and the one before is kept", async () => {
    await open();
    await backend.untilStatus("ready");
    await save(serve("two"));
    expect(await answer()).toBe("two");
    expect(await readFile(backend.file("bin/app.mjs"), "utf8")).toBe(serve("two"));
    expect(await readFile(backend.file("bin/app.mjs.prev"), "utf8")).toBe(serve("one"));
    expect((await stat(backend.file("bin/app.mjs"))).mode & 0o111).toBe(0o111);
    await expect(stat(backend.file("bin/app.mjs.new"))).rejects.toThrow("ENOENT");
  });

  test("a build that made the same reloads nothing", async () => {
    await open();
    const { pid } = await backend.untilStatus("ready");
    const seen = backend.told.length;
    backend.rebuild();
    const again = await backend.untilStatus("ready", seen);
    expect(backend.order(seen)).toEqual(["building", "ready"]);
    expect(again).toMatchObject({ pid, generation: 1, connected: true });
    expect(said(seen)).toContain("The build made the same as before: nothing is reloaded");
  });

  test("files that describe it are copied beside it before the reload", async () => {
    await open({
      files: { "plugin.yaml": "version: 1" },
      more: (root) => ({ sync: [`${root}/plugin.yaml`] }),
    });
    await backend.untilStatus("ready");
    expect(await readFile(backend.file("bin/plugin.yaml"), "utf8")).toBe("version: 1");
    // A new one is new, also with the same program.
    const seen = backend.told.length;
    await writeFile(backend.file("plugin.yaml"), "version: 2");
    backend.rebuild();
    await backend.untilStatus("ready", seen);
    expect(backend.order(seen)).toEqual(["building", "reloadStarted", "reloadCompleted", "ready"]);
    expect(await readFile(backend.file("bin/plugin.yaml"), "utf8")).toBe("version: 2");
  });

  test("a good build without its artefact is an error in one sentence", async () => {
    await open({ more: (root) => ({ artifact: `${root}/out/other` }) });
    const { lastError, errors } = await backend.untilStatus("error");
    expect(lastError).toBe(
      `The build succeeded but made no file ${backend.file("out/other")}. Correct backend.artifact in vitrine.json or the output of the build`,
    );
    expect(errors).toMatchObject([
      { file: backend.file("package.json"), line: 1, message: lastError },
    ]);
    expect(backend.order()).toEqual(["building", "error", "error"]);
  });

  test("a folder that cannot be written is an error in one sentence, and the old process stays", async () => {
    await open({
      files: { blocked: "a file" },
      more: (root) => ({ install: `${root}/blocked/app.mjs` }),
    });
    const { lastError } = await backend.untilStatus("error");
    expect(lastError).toMatch(
      /blocked\/app\.mjs could not be written: (EEXIST|ENOTDIR)\. Make its folder writable or change backend\.install in vitrine\.json$/,
    );
  });
});

describe("reloads that fail", () => {
  test("9: a new process that does not come up is an error, and the previous artefact runs again", async () => {
    await open();
    await backend.untilStatus("ready");
    const seen = backend.told.length;
    await save('console.error("cannot open the database"); process.exit(3);', "error");
    await backend.until(
      "the previous one",
      (one) => one.name === "status" && one.facts.connected,
      seen + 2,
    );
    expect(backend.order(seen)).toEqual([
      "building",
      "reloadStarted",
      "reloadFailed",
      "error",
      "error",
    ]);
    expect(backend.facts()).toMatchObject({
      status: "error",
      connected: true,
      generation: 1,
      errors: [],
    });
    expect(backend.facts().lastError).toBe(
      "The back end ended with exit code 3 before it served: cannot open the database. Look at its output. The previous version runs again",
    );
    expect(await answer()).toBe("one");
    expect(await readFile(backend.file("bin/app.mjs"), "utf8")).toBe(serve("one"));
    await save(serve("three"));
    expect(await answer()).toBe("three");
    expect(backend.facts()).toMatchObject({ status: "ready", generation: 2, lastError: "" });
  });

  test("a handshake that never comes is an error in one sentence, and nothing of it stays", async () => {
    await open({
      app: 'console.log("hello " + process.pid); setInterval(() => {}, 1000);',
      handshake: { ...byLine, timeoutMs: 1500 },
    });
    await backend.untilStatus("error");
    const { lastError } = backend.facts();
    await backend.until(
      "no version",
      (one) => one.name === "status" && one.facts.lastError.includes("No version runs"),
    );
    expect(lastError).toMatch(
      /^The back end did not come up within 1.5 s: it printed no line that matches "serving on port .*"\. Look at its output, or change backend\.run\.handshake in vitrine\.json/,
    );
    const pid = Number(/hello (\d+)/.exec(said().join("\n"))?.[1]);
    expect(isAlive(pid)).toBe(false);
    expect(backend.facts()).toMatchObject({ status: "error", connected: false, pid: 0 });
  });
});

describe("builds that fail", () => {
  test("the old process answers while the errors are shown, and stays the same", async () => {
    await open();
    const { pid } = await backend.untilStatus("ready");
    await save("SYNTAX", "error");
    expect(backend.facts()).toMatchObject({ connected: true, pid, lastError: "no" });
    expect(await answer()).toBe("one");
    // The same as what runs: nothing to reload, and all is well again.
    const seen = await save(serve("one"));
    expect(backend.order(seen)).toEqual(["building", "error", "ready"]);
    expect(backend.facts()).toMatchObject({ pid, errors: [], lastError: "" });
  });

  const failing = async (
    command: string[],
    more: Partial<TestBackendOptions> & { problems?: BackendConfig["problems"] } = {},
  ): Promise<string> => {
    await open({
      ...more,
      more: (root) => ({
        build: { command, cwd: root, env: {} },
        ...(more.problems !== undefined && { problems: more.problems }),
      }),
    });
    const { lastError, errors } = await backend.untilStatus("error");
    expect(backend.order()).toEqual(["building", "error", "error"]);
    expect(errors).toMatchObject([
      { file: backend.file("package.json"), line: 1, column: 1, severity: "error" },
    ]);
    return lastError;
  };

  test("a command that does not exist is named", async () => {
    expect(await failing(["no-such-compiler", "build"])).toBe(
      'The command "no-such-compiler" was not found. Install it or change the command in vitrine.json',
    );
  });

  test("a build that never ends is stopped and said to", async () => {
    expect(
      await failing([process.execPath, "-e", "setInterval(() => {}, 1000)"], { buildLimitMs: 700 }),
    ).toMatch(
      /^The build .*node -e .* did not end within 0\.7 s and was stopped\. Let it end, or give it a problem matcher with background$/,
    );
  });

  test("a build that fails in silence is told with its exit code", async () => {
    expect(await failing([process.execPath, "-e", "process.exit(7)"])).toMatch(
      /ended with exit code 7 and printed nothing\. Run it in a terminal to see why$/,
    );
  });

  test("what nobody understands is shown as its last 20 lines", async () => {
    await failing([
      process.execPath,
      "-e",
      "for (let n = 1; n <= 30; n++) console.log('odd ' + n); process.exit(1)",
    ]);
    const lines = backend.facts().errors[0]?.message.split("\n");
    expect(lines).toHaveLength(20);
    expect([lines?.[0], lines?.at(-1)]).toEqual(["odd 11", "odd 30"]);
  });

  test("a wrong matcher is an error of the build", async () => {
    expect(
      await failing([process.execPath, "build.mjs"], { problems: { pattern: { regexp: "(" } } }),
    ).toBe(
      '"(" in a problem matcher is no regular expression: Unterminated group. Correct it in vitrine.json',
    );
  });
});

describe("ways to connect and to reload", () => {
  /** Below those that the system gives away. */
  const port = 21_873;

  test.each<[string, Handshake]>([
    ["tcp", { type: "tcp", addr: `127.0.0.1:${port}`, timeoutMs: 20_000 }],
    ["http", { type: "http", url: `http://127.0.0.1:${port}/health`, timeoutMs: 20_000 }],
  ])("handshake %s waits for the address", async (_type, handshake) => {
    await open({ handshake, env: { PORT: String(port) } });
    const { connected } = await backend.untilStatus("ready");
    expect(connected).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("one");
  });

  test("without a handshake a started process is a connected one", async () => {
    await open({ handshake: { type: "none" } });
    expect(await backend.untilStatus("ready")).toMatchObject({ connected: true, address: "" });
  });

  test("the process knows the UI's port, also by the names of the documented SDK", async () => {
    await open({
      vitePort: 15_180,
      app: serve(
        "x",
        "console.log(Object.entries(process.env).filter(([name]) => /^(VITRINE|OMNIVIEW)_(DEV|VITE_PORT)$/.test(name)).map((pair) => pair.join('=')).sort().join(' '));",
      ),
    });
    await backend.untilStatus("ready");
    expect(said()).toContain(
      "OMNIVIEW_DEV=1 OMNIVIEW_VITE_PORT=15180 VITRINE_DEV=1 VITRINE_VITE_PORT=15180",
    );
  });

  test("15: a line of 1 MB is 16 KiB in the log, and later ones follow", async () => {
    await open({ app: serve("x", 'console.log("x".repeat(1_000_000)); console.log("later");') });
    await backend.untilStatus("ready");
    const long = said().find((message) => message.startsWith("xxx"));
    expect(Buffer.byteLength(long ?? "")).toBeLessThanOrEqual(16 * 1024);
    expect(Buffer.byteLength(long ?? "")).toBeGreaterThan(16 * 1024 - 8);
    expect(long).toMatch(/x … \(\d+ bytes more\)$/);
    expect(said()).toContain("later");
  });

  test("a signal reloads the process that runs", async () => {
    await open({
      app: serve("x", 'process.on("SIGHUP", () => console.log("read again"));'),
      more: () => ({ reload: { signal: "SIGHUP" } }),
    });
    const { pid } = await backend.untilStatus("ready");
    await save(serve("y"));
    await backend.until("its answer", (one) => one.name === "log" && one.message === "read again");
    expect(backend.facts()).toMatchObject({ pid, generation: 2 });
  });

  test("a command reloads, and when it fails the process before it still runs", async () => {
    await open({
      more: () => ({
        reload: {
          command: [process.execPath, "-e", "process.exit(4)"],
        },
      }),
    });
    const { pid } = await backend.untilStatus("ready");
    await save(serve("two"), "error");
    await backend.until(
      "its end",
      (one) =>
        one.name === "status" && one.facts.lastError.endsWith("The process before it still runs"),
    );
    expect(backend.facts().lastError).toMatch(/^The reload command .* ended with exit code 4\./);
    expect(backend.facts()).toMatchObject({ pid, connected: true, status: "error" });
  });

  test("a back end that is only built is connected once it is built", async () => {
    await open({ files: {}, more: () => ({ run: undefined as never }) });
    expect(await backend.untilStatus("ready")).toMatchObject({
      connected: true,
      pid: 0,
      generation: 1,
    });
    expect(backend.order()).toEqual(["building", "reloadStarted", "reloadCompleted", "ready"]);
  });
});

describe("crashes", () => {
  test("a process that ends is started again after 2 s, with the time told before", async () => {
    await open();
    const { pid } = await backend.untilStatus("ready");
    const seen = backend.told.length;
    const began = Date.now();
    process.kill(pid, "SIGKILL");
    const lost = await backend.untilStatus("error", seen);
    expect(lost).toMatchObject({
      connected: false,
      pid: 0,
      lastError: expect.stringMatching(/^The back end ended by SIGKILL/),
    });
    expect(Date.parse(lost.nextRestartAt) - began).toBeGreaterThan(1900);
    const again = await backend.untilStatus("ready", seen);
    expect(again).toMatchObject({
      connected: true,
      restarts: 1,
      nextRestartAt: "",
      lastError: "",
      generation: 1,
    });
    expect(Date.now() - began).toBeGreaterThan(1900);
    expect(await answer()).toBe("one");
  });

  test("a person's restart does not wait, and is a new process with its events", async () => {
    await open();
    const { pid } = await backend.untilStatus("ready");
    const seen = backend.told.length;
    process.kill(pid, "SIGKILL");
    await backend.untilStatus("error", seen);
    const began = performance.now();
    await backend.restart();
    expect(performance.now() - began).toBeLessThan(1900);
    expect(backend.order(seen)).toEqual(["error", "reloadStarted", "reloadCompleted", "ready"]);
    expect(backend.facts()).toMatchObject({
      connected: true,
      nextRestartAt: "",
      restarts: 0,
      generation: 2,
    });
  });

  test("stop during the back-off starts nothing any more", async () => {
    await open();
    const { pid } = await backend.untilStatus("ready");
    const seen = backend.told.length;
    process.kill(pid, "SIGKILL");
    await backend.untilStatus("error", seen);
    await backend.stop();
    expect(backend.order(seen)).toEqual(["error", "stopped"]);
    expect(backend.kept.size).toBe(0);
  });
});
