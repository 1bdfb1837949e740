/** Edits, crashes, restarts and stops at any moment: the table of 3.2 holds, and in the end the newest source answers. */
import { rename, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { openBackend, type TestBackend } from "../../support/backends.ts";
import { eventually } from "../../support/eventually.ts";

const build = `
  import { copyFileSync, readFileSync } from "node:fs";
  if (readFileSync("src/app.mjs", "utf8").includes("SYNTAX")) process.exit(1);
  copyFileSync("src/app.mjs", "app.mjs");
`;
const serve = (answer: string): string => `
  import { createServer } from "node:http";
  createServer((_request, response) => response.end("${answer}"))
    .listen(0, "127.0.0.1", function () { console.log("on port " + this.address().port); });
`;
/** Numbers below 1 that are the same at each run of a seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

async function open(cancels: boolean): Promise<TestBackend> {
  const backend = await openBackend({
    files: { "package.json": "{}", "build.mjs": build, "src/app.mjs": serve("first") },
    config: (root) => ({
      build: { command: [process.execPath, "build.mjs"], cwd: root, env: {} },
      artifact: `${root}/app.mjs`,
      install: `${root}/bin/app.mjs`,
      run: {
        command: [process.execPath, "${artifact}"],
        cwd: root,
        env: {},
        handshake: { type: "regex", pattern: String.raw`on port (?<port>\d+)`, timeoutMs: 20_000 },
      },
      watch: { include: ["src/**/*.mjs"], exclude: [] },
      debounceMs: 20,
      onChangeDuringBuild: cancels ? "cancel" : "queue",
    }),
  });
  await backend.start();
  return backend;
}

async function save(backend: TestBackend, text: string): Promise<void> {
  await writeFile(backend.file("new.mjs"), text);
  await rename(backend.file("new.mjs"), backend.file("src/app.mjs"));
}

const actions: readonly ((backend: TestBackend, step: number) => unknown)[] = [
  (backend, step) => save(backend, serve(`step ${step}`)),
  (backend) => save(backend, "SYNTAX"),
  (backend) => save(backend, "process.exit(5);"),
  (backend) => backend.rebuild(),
  (backend) => void backend.restart(),
  (backend) => {
    const { pid } = backend.facts();
    try {
      if (pid > 0) process.kill(pid, "SIGKILL");
    } catch {
      // It was being replaced.
    }
  },
];

test.each([1, 2, 3, 4])("seed %d ends with the newest source", async (seed) => {
  const backend = await open(seed % 2 === 0);
  const number = numbers(seed * 7919);
  for (let step = 0; step < 25; step++) {
    await actions[Math.floor(number() * actions.length)]?.(backend, step);
    await delay(number() * 250);
  }
  await save(backend, serve("last"));
  await eventually("the last answer", async () => {
    const { address, connected, status } = backend.facts();
    if (status !== "ready" || !connected) return false;
    return (await (await fetch(`http://${address}/`)).text().catch(() => "")) === "last";
  });
  expect(backend.facts()).toMatchObject({ errors: [], lastError: "", nextRestartAt: "" });
  // Throws for a change that the table does not know, and for a process that is still recorded.
  await backend.close();
});

test.each([5, 6, 7, 8])(
  "seed %d: after stop at any moment nothing is told or left",
  async (seed) => {
    const backend = await open(false);
    const number = numbers(seed * 104_729);
    for (let step = 0; step < 5; step++) {
      await actions[Math.floor(number() * actions.length)]?.(backend, step);
      await delay(number() * 300);
    }
    await backend.stop();
    const told = backend.told.length;
    expect(backend.told.at(-1)).toMatchObject({
      name: "status",
      facts: { status: "stopped", pid: 0 },
    });
    await delay(300);
    expect(backend.told).toHaveLength(told);
    await backend.close();
  },
);
