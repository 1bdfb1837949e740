/** A back end of TypeScript from edit to answer (dev-servers sections 4.2, 4.4, 8 and 17.5). */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { replaceInFile } from "../../support/edits.ts";
import { mendedOrder, openBackend, type TestBackend } from "../../support/backends.ts";

const tsc = path.resolve("node_modules/.bin/tsc");
const service = (answer: string): string =>
  [
    'import { createServer } from "node:http";',
    `const answer: string = "${answer}";`,
    "const server = createServer((_request: unknown, response: { end(text: string): void }) => response.end(answer));",
    'server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));',
  ].join("\n");
const files = {
  "package.json": '{ "type": "module" }',
  "tsconfig.json": JSON.stringify({
    compilerOptions: { outDir: "out", rootDir: "src", strict: true, module: "nodenext", types: [] },
    include: ["src"],
  }),
  // The types of Node would have to be installed for this.
  "src/node.d.ts":
    'declare module "node:http" { export function createServer(answer: unknown): any; }',
  "src/server.ts": service("one"),
};

let backend: TestBackend;
afterEach(() => backend?.close());

const answer = async (): Promise<string> =>
  (await fetch(`http://${backend.facts().address}/`)).text();

const open = (): Promise<TestBackend> =>
  openBackend({
    files,
    config: (root) => ({
      build: { command: [tsc, "-b"], cwd: root, env: {} },
      run: {
        command: [process.execPath, "out/server.js"],
        cwd: root,
        env: {},
        handshake: {
          type: "regex",
          pattern: String.raw`listening on (?<port>\d+)`,
          timeoutMs: 30_000,
        },
      },
      watch: { include: ["src/**/*.ts"], exclude: [] },
      debounceMs: 50,
    }),
  });

test("5: a valid edit gives the order of section 8, a new process and the next generation", async () => {
  backend = await open();
  await backend.start();
  const first = await backend.untilStatus("ready");
  expect(backend.order()).toEqual(["building", "reloadStarted", "reloadCompleted", "ready"]);
  expect(first).toMatchObject({ connected: true, generation: 1, lastError: "" });
  expect(first.lastBuildDuration).toBeGreaterThan(1e6);
  expect(first.lastBuildTime).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(await answer()).toBe("one");
  const seen = backend.told.length;
  await writeFile(backend.file("src/server.ts"), service("two"));
  const second = await backend.untilStatus("ready", seen);
  expect(backend.order(seen)).toEqual(["building", "reloadStarted", "reloadCompleted", "ready"]);
  expect(second.generation).toBe(2);
  expect(second.pid).not.toBe(first.pid);
  expect(await answer()).toBe("two");
});

test("5: a broken edit shows its exact place while the old process answers, and the next good build clears it", async () => {
  backend = await open();
  await backend.start();
  const first = await backend.untilStatus("ready");
  let seen = backend.told.length;
  await replaceInFile(
    backend.file("src/server.ts"),
    'answer: string = "one"',
    "answer: string = 1",
  );
  const failed = await backend.untilStatus("error", seen);
  expect(backend.order(seen)).toEqual(["building", "error", "error"]);
  expect(failed.errors).toEqual([
    {
      file: backend.file("src/server.ts"),
      line: 2,
      column: 7,
      severity: "error",
      code: "TS2322",
      message: "Type 'number' is not assignable to type 'string'.",
      source: "tsc",
    },
  ]);
  expect(failed).toMatchObject({
    connected: true,
    pid: first.pid,
    generation: 1,
    lastError: "Type 'number' is not assignable to type 'string'.",
  });
  expect(await answer()).toBe("one");
  seen = backend.told.length;
  await writeFile(backend.file("src/server.ts"), service("three"));
  const mended = await backend.untilStatus("ready", seen);
  expect(backend.order(seen)).toEqual(mendedOrder);
  expect(backend.told.slice(seen).find((one) => one.name === "error")).toEqual({
    name: "error",
    errors: [],
  });
  expect(mended).toMatchObject({ errors: [], lastError: "", generation: 2 });
  expect(await answer()).toBe("three");
});
