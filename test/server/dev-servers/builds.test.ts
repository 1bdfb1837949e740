/** When a back end builds (dev-servers 4.2 and scenarios 6 to 8). The build is a script that writes down each of its runs. */
import { execFile, spawnSync } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { createSlots } from "../../../src/server/slots.ts";
import { openBackend, type TestBackend, type TestBackendOptions } from "../../support/backends.ts";
import { eventually } from "../../support/eventually.ts";

/** The usual one. */
const debounceMs = 500;
/** Waits for `go.txt` where there is a `wait.txt`, so that a test decides how long a build takes. */
const build = `
  import { appendFileSync, existsSync, rmSync } from "node:fs";
  appendFileSync("runs.log", "begin\\n");
  process.on("SIGTERM", () => { appendFileSync("runs.log", "stopped\\n"); process.exit(1); });
  console.log("building");
  while (existsSync("wait.txt") && !existsSync("go.txt")) await new Promise((resolve) => setTimeout(resolve, 20));
  rmSync("go.txt", { force: true });
  appendFileSync("runs.log", "end\\n");
`;

const backends: TestBackend[] = [];
afterEach(async () => {
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

async function open(
  more: Partial<TestBackendOptions> & { cancel?: boolean; debounceMs?: number } = {},
): Promise<TestBackend> {
  const backend = await openBackend({
    files: { "build.mjs": build, "src/main.ts": "1", "src/deep/util.ts": "2", ...more.files },
    config: (root) => ({
      build: { command: [process.execPath, "build.mjs"], cwd: root, env: {} },
      watch: { include: ["src/**/*.ts"], exclude: [] },
      debounceMs: more.debounceMs ?? debounceMs,
      onChangeDuringBuild: more.cancel === true ? "cancel" : "queue",
    }),
    ...(more.slots && { slots: more.slots }),
  });
  backends.push(backend);
  return backend;
}
async function started(more?: Parameters<typeof open>[0]): Promise<TestBackend> {
  const backend = await open(more);
  await backend.start();
  await backend.untilStatus("ready");
  return backend;
}
const runs = async (backend: TestBackend): Promise<string[]> =>
  (await readFile(backend.file("runs.log"), "utf8")).trim().split("\n");
const causes = (backend: TestBackend): string[] =>
  backend.told.flatMap((one) =>
    one.name === "log" && one.source === "watch" ? [one.message] : [],
  );
/** One more source changes; the build that follows shows which changes came before it. */
async function causesUntilNext(backend: TestBackend): Promise<string[]> {
  const seen = backend.told.length;
  await writeFile(backend.file("src/sentinel.ts"), String(Math.random()));
  await backend.untilStatus("ready", seen);
  return causes(backend);
}

test("6: five writes within 200 ms are one build", async () => {
  const backend = await started();
  const seen = backend.told.length;
  for (let write = 0; write < 5; write++) {
    await writeFile(backend.file("src/main.ts"), `write ${write}`);
    await delay(40);
  }
  await backend.untilStatus("ready", seen);
  await causesUntilNext(backend);
  expect(await runs(backend)).toEqual(["begin", "end", "begin", "end", "begin", "end"]);
});

test("6: 100 files touched are one build", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`src/many/f${n}.ts`, "0"]),
  );
  const backend = await started({ files });
  const seen = backend.told.length;
  await Promise.all(Object.keys(files).map((name) => writeFile(backend.file(name), "1")));
  await backend.untilStatus("ready", seen);
  expect(causes(backend)).toEqual([
    expect.stringMatching(/^Building: .*\.ts and 99 more changed$/),
  ]);
  expect(await runs(backend)).toEqual(["begin", "end", "begin", "end"]);
});

test("6: edits during a build are exactly one more", async () => {
  const backend = await open({ files: { "wait.txt": "" } });
  await backend.start();
  await backend.until("a running build", (one) => one.name === "log" && one.message === "building");
  await writeFile(backend.file("src/main.ts"), "edit 1");
  await delay(2 * debounceMs);
  await writeFile(backend.file("src/main.ts"), "edit 2");
  await delay(2 * debounceMs);
  await rm(backend.file("wait.txt"));
  await backend.untilStatus("ready");
  const seen = backend.told.length;
  await backend.untilStatus("ready", seen);
  await causesUntilNext(backend);
  expect(await runs(backend)).toEqual(["begin", "end", "begin", "end", "begin", "end"]);
});

test("an edit during a build ends it and builds again where that is configured", async () => {
  const backend = await open({ files: { "wait.txt": "" }, cancel: true });
  await backend.start();
  await backend.until("a running build", (one) => one.name === "log" && one.message === "building");
  await writeFile(backend.file("src/main.ts"), "edit");
  await eventually("a stopped build", async () => (await runs(backend)).includes("stopped"));
  await writeFile(backend.file("go.txt"), "");
  await backend.untilStatus("ready");
  expect(await runs(backend)).toEqual(["begin", "stopped", "begin", "end"]);
  expect(backend.order()).toEqual(["building", "reloadStarted", "reloadCompleted", "ready"]);
});

test("7: other files below the watched folder are no reason to build", async () => {
  const backend = await started();
  for (const name of [
    "notes.txt",
    "data.json",
    "tool.py",
    "style.css",
    ".main.ts.swp",
    "main.ts~",
    "4913",
  ])
    await writeFile(backend.file(`src/${name}`), "x");
  for (const folder of ["node_modules", "vendor", ".git"]) {
    await mkdir(backend.file(`src/${folder}`));
    await writeFile(backend.file(`src/${folder}/x.ts`), "x");
  }
  expect(await causesUntilNext(backend)).toEqual([
    `Building: ${backend.file("src/sentinel.ts")} changed`,
  ]);
});

test("7: a new nested folder, a deletion and a renaming are reasons to build", async () => {
  const backend = await started();
  const built = async (change: () => Promise<unknown>): Promise<void> => {
    const seen = backend.told.length;
    await change();
    await backend.untilStatus("ready", seen);
  };
  await built(async () => {
    await mkdir(backend.file("src/new/er"), { recursive: true });
    await writeFile(backend.file("src/new/er/a.ts"), "a");
  });
  await built(() => writeFile(backend.file("src/new/er/a.ts"), "b"));
  await built(() => rename(backend.file("src/new"), backend.file("src/old")));
  await built(() => rm(backend.file("src/main.ts")));
  await built(() => rename(backend.file("src/deep/util.ts"), backend.file("src/deep/tool.ts")));
  expect(causes(backend)).toHaveLength(5);
});

test("an editor that replaces the file makes one build", async () => {
  const backend = await started();
  const seen = backend.told.length;
  await writeFile(backend.file("src/main.ts.tmp"), "new");
  await rename(backend.file("src/main.ts"), backend.file("src/main.ts~"));
  await rename(backend.file("src/main.ts.tmp"), backend.file("src/main.ts"));
  await rm(backend.file("src/main.ts~"));
  await backend.untilStatus("ready", seen);
  await causesUntilNext(backend);
  expect(await runs(backend)).toEqual(["begin", "end", "begin", "end", "begin", "end"]);
});

test("8: stop within the debounce is no build, and nothing is told afterwards", async () => {
  const longMs = 1500;
  const backend = await started({ debounceMs: longMs });
  await writeFile(backend.file("src/main.ts"), "late");
  // Time enough for the change to be noticed, which nobody tells.
  await delay(longMs / 3);
  await backend.stop();
  const told = backend.told.length;
  expect(backend.order()).toEqual([
    "building",
    "reloadStarted",
    "reloadCompleted",
    "ready",
    "stopped",
  ]);
  await delay(longMs);
  expect(backend.told).toHaveLength(told);
  expect(await runs(backend)).toEqual(["begin", "end"]);
});

test("stop ends a build that runs, and nothing is told afterwards", async () => {
  const backend = await open({ files: { "wait.txt": "" } });
  await backend.start();
  await backend.until("a running build", (one) => one.name === "log" && one.message === "building");
  await backend.stop();
  const told = backend.told.length;
  expect(await runs(backend)).toEqual(["begin", "stopped"]);
  expect(backend.kept.size).toBe(0);
  expect(backend.order()).toEqual(["building", "stopped"]);
  await delay(debounceMs);
  expect(backend.told).toHaveLength(told);
});

test("two builds run at once over all projects", async () => {
  const slots = createSlots(() => 2);
  const all = await Promise.all([1, 2, 3].map(() => open({ files: { "wait.txt": "" }, slots })));
  await Promise.all(all.map((backend) => backend.start()));
  const building = (): TestBackend[] => all.filter((one) => one.facts().status === "building");
  await eventually("two builds", () => building().length === 2);
  await delay(debounceMs);
  expect(building()).toHaveLength(2);
  for (const backend of all) await rm(backend.file("wait.txt"));
  await Promise.all(all.map((backend) => backend.untilStatus("ready")));
});

const noNamespaces = spawnSync("unshare", ["-Ur", "true"]).status !== 0;
test.skipIf(noNamespaces)(
  "without watches left every file is looked at each second, with one warning (skipped without user namespaces)",
  async () => {
    // A user namespace of its own has a limit of its own.
    const script = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$0" "$1"';
    const { stdout } = await promisify(execFile)("unshare", [
      "-Ur",
      "sh",
      "-c",
      script,
      process.execPath,
      "test/support/polling-watcher.ts",
    ]);
    const said = stdout.trim().split("\n");
    expect(said.filter((line) => line.startsWith("warned"))).toEqual([
      expect.stringMatching(
        /^warned The system has no file watches left \(ENOSPC\), so .* is looked at every 1 s/,
      ),
    ]);
    expect(said.at(-1)).toMatch(/^changed .*src\/d7\/a\.ts$/);
  },
);
