import { expect, test } from "vitest";
import type { FromRealm, RunRequest } from "../../../src/protocol/realm.ts";
import type { LoadedModule } from "../../../src/realm/block-imports.ts";
import { createEvaluator, type BlockBody } from "../../../src/realm/evaluate.ts";
import { errorFrom } from "../../../src/realm/realm-error.ts";
import { createTrail } from "../../../src/realm/trail.ts";

type Finished = Extract<FromRealm, { type: "finished" }>;

/** A realm whose modules are a plain table. */
function openRealm(modules: Record<string, LoadedModule> = {}) {
  const sent: FromRealm[] = [];
  let ended: ((message: Finished) => void) | undefined;
  const evaluator = createEvaluator({
    send(message) {
      sent.push(message);
      if (message.type === "finished") ended?.(message);
    },
    async load(specifier) {
      const found = modules[specifier];
      if (found === undefined) throw new Error(`${specifier} cannot be found`);
      return found;
    },
    meta: () => ({ url: "file:///notes.md" }),
  });
  let count = 0;
  function run(body: BlockBody, more: Partial<RunRequest> = {}): Promise<Finished> {
    count += 1;
    const request = {
      type: "run",
      job: `j${count}`,
      scope: "notes.md",
      script: "",
      code: "",
      scriptName: "",
      file: "",
      imports: [],
    } as const;
    return new Promise((resolve) => {
      ended = resolve;
      evaluator.begin({ ...request, ...more });
      evaluator.block(`j${count}`, body);
    });
  }
  return { run, sent, evaluator };
}

/** A body in the form that the block compiler writes. */
function compiled(code: string): BlockBody {
  // oxlint-disable-next-line typescript/no-implied-eval
  return new Function(
    "__scope",
    "__vitrine",
    `with (__scope) { return (async function () { ${code} }).call(globalThis) }`,
  ) as BlockBody;
}

function valueOf(finished: Finished): unknown {
  if (finished.error !== undefined) throw new Error(finished.error.stack);
  return finished.value?.kind === "json" ? JSON.parse(finished.value.text) : undefined;
}

test("bindings live on in their document and can be declared again", async () => {
  const { run } = openRealm();
  await run(compiled(`__vitrine.declare(__scope, ["a"]); a = 1; return a`));
  expect(valueOf(await run(compiled("a += 1; return a")))).toBe(2);
  expect(valueOf(await run(compiled(`__vitrine.declare(__scope, ["a"]); a = 10; return a`)))).toBe(
    10,
  );
  const elsewhere = await run(compiled("return typeof a"), { scope: "other.md" });
  expect(valueOf(elsewhere)).toBe("undefined");
  expect(Object.hasOwn(globalThis, "a")).toBe(false);
});

test("a declaration replaces an import of an earlier run", async () => {
  const { run } = openRealm({ "./m": { namespace: { a: 1 }, interop: "never" } });
  await run(compiled(`await __vitrine.bind(__scope, "./m", { a: "a" })`));
  expect(valueOf(await run(compiled(`__vitrine.declare(__scope, ["a"]); a = 2; return a`)))).toBe(
    2,
  );
});

test("an import is live and cannot be assigned", async () => {
  const namespace = { count: 1 };
  const { run } = openRealm({ "./m": { namespace, interop: "never" } });
  await run(compiled(`await __vitrine.bind(__scope, "./m", { n: "count", all: "*" })`));
  namespace.count = 2;
  expect(valueOf(await run(compiled("return [n, all.count]")))).toEqual([2, 2]);
  expect((await run(compiled("n = 3"))).error).toMatchObject({
    name: "TypeError",
    message: expect.stringContaining("n"),
  });
});

test("a name that a module does not export fails as an import would", async () => {
  const { run } = openRealm({ "./m": { namespace: { default: { b: 1 } }, interop: "never" } });
  const { error } = await run(compiled(`await __vitrine.bind(__scope, "./m", { b: "b" })`));
  expect(error).toMatchObject({
    name: "SyntaxError",
    message: "The requested module './m' does not provide an export named 'b'",
  });
});

test("names of CommonJS come from its default export, as Vite gives them", async () => {
  const { run } = openRealm({
    cjs: { namespace: { default: { useState: "s" } }, interop: "always" },
    babel: { namespace: { default: { __esModule: true, default: "d", x: 1 } }, interop: "always" },
    node: { namespace: { default: { hidden: "h" } }, interop: "missing" },
  });
  const code = `
    await __vitrine.bind(__scope, "cjs", { useState: "useState", React: "default", all: "*" });
    await __vitrine.bind(__scope, "babel", { d: "default", x: "x" });
    await __vitrine.bind(__scope, "node", { hidden: "hidden" });
    return [useState, React, all, d, x, hidden, (await __vitrine.import("cjs")).useState]`;
  const react = { useState: "s" };
  expect(valueOf(await run(compiled(code)))).toEqual([
    "s",
    react,
    { ...react, default: react },
    "d",
    1,
    "h",
    "s",
  ]);
});

test("an error of a block is its result, with its causes", async () => {
  const { run, sent } = openRealm();
  const { error, value } = await run(
    compiled(`throw new RangeError("far", { cause: new Error("why") })`),
  );
  expect(value).toBeUndefined();
  expect(error).toMatchObject({ name: "RangeError", message: "far" });
  expect(error?.stack).toMatch(/^RangeError: far\n {4}at [\s\S]*\n\[cause\] Error: why/);
  expect(sent.map(({ type }) => type)).toEqual(["started", "finished"]);
});

test("what is not an Error can be thrown too", () => {
  expect(errorFrom("text")).toEqual({ name: "Uncaught", message: "text", stack: "" });
  expect(errorFrom(undefined)).toMatchObject({ name: "Uncaught", message: "undefined" });
  expect(errorFrom({ a: 1 }).message).toBe('{ "a": 1 }');
});

test("display shows values in order beside the result and within the same limit", async () => {
  const { run } = openRealm();
  const { outputs, value } = await run(compiled(`display({ a: 1 }); return display(2)`));
  expect(outputs?.map((output) => output.kind === "json" && JSON.parse(output.text))).toEqual([
    { a: 1 },
    2,
  ]);
  expect(value).toMatchObject({ text: "2" });
  const flood = await run(compiled(`for (let i = 0; i < 5000; i += 1) display("x".repeat(1000))`));
  expect(JSON.stringify(flood).length).toBeLessThan(512 * 1024);
});

test("a result is cut to the limit of its request", async () => {
  const { run } = openRealm();
  const { value } = await run(compiled(`return "x".repeat(100)`), { valueCharacters: 12 });
  expect(value).toEqual({ kind: "json", text: '"xxxxxxxxxx"', missing: 90 });
});

test("a run keeps its first and its last lines and counts the others", async () => {
  const { run, evaluator } = openRealm();
  const { events, missing } = await run(() => {
    for (let line = 0; line < 100_000; line += 1)
      evaluator.record({ level: "log", text: `line ${line}` });
  });
  expect(events.slice(0, 2).map(({ text }) => text)).toEqual(["line 0", "line 1"]);
  expect(events.at(-1)?.text).toBe("line 99999");
  expect(events.length + missing).toBe(100_000);
  expect(events).toHaveLength(2000);
});

test("a second call of a script and the call of an unknown job do nothing", async () => {
  const { run, evaluator, sent } = openRealm();
  await run(() => 1);
  evaluator.block("j1", () => 2);
  evaluator.block("nobody", () => 3);
  evaluator.fail("j1", errorFrom("late"));
  expect(sent.filter(({ type }) => type === "finished")).toHaveLength(1);
});

test("a trail drops from the middle when characters run out, never the last item", () => {
  const trail = createTrail<string>({ head: 1, tail: 10, characters: 10 });
  for (const text of ["first", "aaaa", "bbbb", "a very long last one"])
    trail.add(text, text.length);
  expect(trail.isFull()).toBe(true);
  expect(trail.take()).toEqual({ items: ["first", "a very long last one"], missing: 2 });
  expect(trail.take()).toEqual({ items: [], missing: 0 });
});
