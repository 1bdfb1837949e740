import { expect, test } from "vitest";
import type { Module, ModuleFunction, Registration } from "../../../src/realm/packs/module.ts";
import { createRegistry } from "../../../src/realm/packs/registry.ts";
import { createRefreshTimers } from "../../../src/realm/packs/timers.ts";

function registryOf(modules: Record<string, Registration>): ReturnType<typeof createRegistry> {
  const registry = createRegistry({
    meta: (key) => ({ url: key, resolve: (specifier) => specifier }),
    importDynamic: async () => ({}),
  });
  registry.add(modules);
  return registry;
}

const sync = (deps: string[], run: ModuleFunction): Registration => [deps, 0, run];

test("a module is evaluated once, after what it imports", () => {
  const order: string[] = [];
  const registry = registryOf({
    "/a": sync(["/b", "/c"], (_e, _m, load) => {
      load("/b");
      load("/c");
      order.push("a");
    }),
    "/b": sync(["/c"], (_e, _m, load) => (load("/c"), order.push("b"))),
    "/c": sync([], () => order.push("c")),
  });
  const a = registry.get("/a") as Module;
  void registry.evaluate(a);
  void registry.evaluate(a);
  expect(order).toEqual(["c", "b", "a"]);
});

test("a failed evaluation is kept, and fails every importer with the same error", () => {
  let runs = 0;
  const registry = registryOf({
    "/a": sync(["/b"], (_e, _m, load) => load("/b")),
    "/b": sync([], () => {
      runs += 1;
      throw new RangeError("b");
    }),
  });
  const errors = [0, 1].map(() => {
    try {
      void registry.evaluate(registry.get("/a") as Module);
    } catch (error) {
      return error;
    }
  });
  expect(errors[0]).toBeInstanceOf(RangeError);
  expect(errors[1]).toBe(errors[0]);
  expect(runs).toBe(1);
});

test("a missing export is a SyntaxError, also through a star", () => {
  const registry = registryOf({
    "/a": sync(["/b"], (_e, _m, load) => load("/b", { importedNames: ["one", "two"] })),
    "/b": sync(["/c"], (_e, _m, load, _d, star) => star(load("/c"))),
    "/c": sync([], (_e, _m, _l, _d, _s, name) => name("one", () => 1)),
  });
  expect(() => registry.evaluate(registry.get("/a") as Module)).toThrow(
    new SyntaxError("The requested module '/b' does not provide an export named 'two'"),
  );
});

test("a star gives names that come later in a cycle", () => {
  const registry = registryOf({
    "/a": sync(["/b"], (_e, _m, load, _d, star) => star(load("/b"))),
    "/b": sync(["/a", "/c"], (_e, _m, load, _d, star) => (load("/a"), star(load("/c")))),
    "/c": sync([], (_e, _m, _l, _d, _s, name) => name("late", () => 3)),
  });
  void registry.evaluate(registry.get("/b") as Module);
  expect((registry.get("/a") as Module).namespace).toMatchObject({ late: 3 });
});

test("what imports a module with top-level await waits for it, and siblings do not", async () => {
  const order: string[] = [];
  const registry = registryOf({
    "/a": sync(["/slow", "/b"], () => order.push("a")),
    "/b": sync([], () => order.push("b")),
    "/slow": [
      [],
      1,
      async () => {
        order.push("begin");
        await Promise.resolve();
        order.push("end");
      },
    ],
  });
  const wait = registry.evaluate(registry.get("/a") as Module);
  expect(order).toEqual(["begin", "b"]);
  await wait;
  expect(order).toEqual(["begin", "b", "end", "a"]);
});

test("a graph is complete only with everything it imports; natives of it are known", () => {
  const registry = registryOf({ "/a": sync(["/b", "https://x.example/"], () => {}) });
  registry.add({ "https://x.example/": null });
  expect(registry.isComplete("/a")).toBe(false);
  registry.add({ "/b": sync([], () => {}) });
  expect(registry.isComplete("/a")).toBe(true);
  expect(registry.natives("/a").map(({ key }) => key)).toEqual(["https://x.example/"]);
});

test("refresh timers fire at the end of a batch, the last of a debounce alone", () => {
  const timers = createRefreshTimers();
  const fired: number[] = [];
  timers.begin();
  const first = timers.setTimeout(() => fired.push(1));
  timers.clearTimeout(first);
  timers.setTimeout(() => fired.push(2));
  expect(fired).toEqual([]);
  timers.end();
  expect(fired).toEqual([2]);
});
