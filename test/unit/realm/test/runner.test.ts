import { expect, test, vi } from "vitest";
import { createWriting, settleSuites, type Writing } from "../../../../src/realm/test/describe.ts";
import { listenForFaults } from "../../../../src/realm/test/faults.ts";
import { toResults, type Outcome } from "../../../../src/realm/test/outcomes.ts";
import { planTests } from "../../../../src/realm/test/plan.ts";
import { createRegistry, type RegistryState } from "../../../../src/realm/test/registry.ts";
import { runHere } from "../../../../src/realm/test/run-here.ts";
import { runSuites } from "../../../../src/realm/test/run-suites.ts";

/** Runs what `write` registers. */
async function outcomesOf(
  write: (writing: Writing, registry: RegistryState) => void,
  names?: readonly string[],
): Promise<Outcome[]> {
  const registry = createRegistry();
  write(createWriting(registry), registry);
  for (const root of registry.roots) await settleSuites(registry, root);
  const outcomes: Outcome[] = [];
  const faults = listenForFaults();
  await runSuites(planTests(registry.roots, names), {
    registry,
    names,
    faults,
    emit: (outcome) => outcomes.push(outcome),
    isOver: () => false,
  });
  faults.stop();
  return outcomes;
}

/** `+ suite > name` for passed, `-` for failed with the first line of the error, `o` for skipped. */
function brief(outcomes: readonly Outcome[]): string[] {
  const signs = { pass: "+", fail: "-", skip: "o" };
  return outcomes.map(({ name, suite, status, error }) =>
    `${signs[status]} ${suite === null ? "" : `${suite} > `}${name} ${error?.split("\n")[0] ?? ""}`.trim(),
  );
}

const boom = (): never => {
  throw new Error("boom");
};

test("tests pass, fail and are named in every form in which they can be written", async () => {
  const outcomes = await outcomesOf(({ test: it }) => {
    void it("plain", () => {});
    void it("fails", boom);
    void it("async", async () => boom());
    void it("with options", { timeout: 100 }, () => {});
    void it({ name: "named by options" }, () => {});
    void it({}, () => {});
    void it(function named() {});
    void it("nothing");
    void it("callback", (_context, done) => setTimeout(done, 1));
    void it("failed callback", (_context, done) => done(new Error("boom")));
    void it("no error", () => {
      throw "text"; // oxlint-disable-line no-throw-literal -- tests do
    });
  });
  expect(brief(outcomes)).toEqual([
    "+ plain",
    "- fails Error: boom",
    "- async Error: boom",
    "+ with options",
    "+ named by options",
    "+ unnamed test",
    "+ named",
    "+ nothing",
    "+ callback",
    "- failed callback Error: boom",
    "- no error text",
  ]);
  expect(outcomes[1]?.error).toMatch(/runner\.test\.ts/);
});

test("suites nest, register at once, and may be async", async () => {
  const outcomes = await outcomesOf(({ test: it, describe }, registry) => {
    void describe("outer", () => {
      void it("a", () => {});
      void describe("inner", () => void it("b", () => {}));
      expect(registry.currentSuite).toBe("outer");
    });
    expect(registry.tests.map(({ name }) => name)).toEqual(["a", "b"]);
    void describe("later", async () => {
      await Promise.resolve();
      void it("c", () => {});
      void describe("inside", () => void it("d", () => {}));
    });
    void describe("promised", () => Promise.resolve());
    void it("top", () => {});
    expect(registry.currentSuite).toBe(null);
  });
  expect(brief(outcomes)).toEqual([
    "+ outer > a",
    "+ outer > inner > b",
    "+ later > c",
    "+ later > inside > d",
    "+ top",
  ]);
});

test("skip, todo and only", async () => {
  const skipped = await outcomesOf(({ test: it, describe }) => {
    // Our own runner runs these: that a skipped test is counted and not run is what is tested.
    void it.skip("a", boom);
    void it("b", { skip: "why" }, boom);
    // The same of one that is still to be written, as Node has it.
    void it.todo("c", boom);
    void it("d", (context) => {
      context.skip("later");
      boom();
    });
    void it("e", (context) => context.todo());
    // Node does not even look into a skipped suite, and neither does our runner.
    void describe.skip("never looked at", boom);
    // In a suite to be written every test counts as one.
    void describe.todo("f", () => void it("g", boom));
  });
  expect(brief(skipped)).toEqual(["o a", "o b", "o c", "o d", "o e", "o f > g"]);
  const only = await outcomesOf(({ test: it, describe }) => {
    void it("a", boom);
    // Our own runner runs these: that it runs nothing else beside it is what is tested.
    void it.only("b", () => {});
    // All of a suite that is narrowed to.
    void describe.only("c", () => void it("d", () => {}));
    // In one that narrows further only what it narrows to.
    void describe.only("e", () => {
      void it("f", boom);
      void it("g", { only: true }, () => {});
    });
  });
  expect(brief(only)).toEqual(["o a", "+ b", "+ c > d", "o e > f", "+ e > g"]);
});

test("hooks run in Node's order", async () => {
  const log: string[] = [];
  const say = (text: string) => () => void log.push(text);
  await outcomesOf(({ test: it, describe, before, after, beforeEach, afterEach }) => {
    before(say("file before"));
    after(say("file after"));
    beforeEach(say("each 0"));
    void describe("s", () => {
      before(say("before"));
      after(say("after"));
      beforeEach(say("each 1"));
      afterEach(say("end 1"));
      void it("x", say("x"));
      void describe("n", () => {
        beforeEach(say("each 2"));
        afterEach(say("end 2"));
        afterEach(say("end 2b"));
        void it("y", say("y"));
        // Our own runner runs it: that a skipped test calls no hooks is what is tested.
        void it.skip("z", say("z"));
      });
      void describe("all skipped", () => {
        before(say("never"));
        // Nor do skipped tests alone call the hooks of their suite.
        void it.skip("z", say("z"));
      });
    });
  });
  expect(log.join(", ")).toBe(
    "file before, before, each 0, each 1, x, end 1, each 0, each 1, each 2, y, end 2, end 2b, end 1, after, file after",
  );
});

test("hooks that fail, fail what they were for", async () => {
  const outcomes = await outcomesOf(
    ({ test: it, describe, before, after, beforeEach, afterEach }) => {
      const ran = vi.fn();
      void describe("before", () => {
        before(boom);
        void it("a", ran);
        // Our own runner runs it: that a skipped test does not fail with its hooks is what is tested.
        void it.skip("b", ran);
        void describe("inner", () => void it("c", ran));
      });
      void describe("after", () => {
        after(boom);
        void it("d", () => {});
      });
      void describe("each", () => {
        beforeEach(boom);
        void it("e", ran);
      });
      void describe("end", () => {
        afterEach(boom);
        void it("f", () => {});
      });
      void describe("slow", () => {
        before(() => new Promise(() => {}), { timeout: 10 });
        void it("g", ran);
      });
      void it("nothing of it ran", () => expect(ran).not.toHaveBeenCalled());
    },
  );
  expect(brief(outcomes)).toEqual([
    "- before > a Error: boom",
    "o before > b",
    "- before > inner > c Error: boom",
    "+ after > d",
    "- after > after hook Error: boom",
    "- each > e Error: boom",
    "- end > f Error: boom",
    "- slow > g Error: hook timed out after 10ms",
    "+ nothing of it ran",
  ]);
});

test("a suite that throws fails its tests, or itself when it has none", async () => {
  const outcomes = await outcomesOf(({ test: it, describe }) => {
    void describe("a", () => {
      void it("b", () => {});
      boom();
    });
    void describe("c", boom);
    void describe("d", async () => boom());
    void it("inside", () => void describe("e", () => {}));
  });
  expect(brief(outcomes)).toEqual([
    "- a > b Error: boom",
    "- c Error: boom",
    "- d Error: boom",
    "- inside Error: The suite e is inside a test; use the test's context for subtests",
  ]);
});

test("subtests run in order, with hooks of their own, and fail their test", async () => {
  const log: string[] = [];
  const outcomes = await outcomesOf(({ test: it, beforeEach }) => {
    beforeEach(() => void log.push("each"));
    void it("p", async (context) => {
      context.before(() => void log.push("before"));
      context.beforeEach(() => void log.push("sub"));
      context.after(() => void log.push("after"));
      const first = context.test("1", async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push("1");
      });
      void context.test("2", () => void log.push("2"));
      await first;
      await context.test("3", { skip: true }, boom);
      await context.test("4", async (inner) => inner.test("5", boom));
      void it("6", () => {});
      expect(context.fullName).toBe("p");
    });
  });
  expect(brief(outcomes)).toEqual([
    "+ p > 1",
    "+ p > 2",
    "o p > 3",
    "- p > 4 > 5 Error: boom",
    "- p > 4 Error: 1 subtest failed",
    "+ p > 6",
    "- p Error: 1 subtest failed",
  ]);
  expect(log.join()).toBe("each,before,each,sub,1,each,sub,2,each,sub,each,sub,each,sub,after");
});

test("a test that never ends times out, and what it does later is no part of the run", async () => {
  let later: Promise<unknown> = Promise.resolve();
  let signal: AbortSignal | undefined;
  const outcomes = await outcomesOf(({ test: it }) => {
    void it("slow", { timeout: 20 }, async (context) => {
      signal = context.signal;
      await new Promise((resolve) => setTimeout(resolve, 40));
      later = context.test("late", boom);
      await later;
    });
    void it("next", async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await later;
    });
    void it("patient", { timeout: Number.POSITIVE_INFINITY }, () => {});
  });
  expect(brief(outcomes)).toEqual([
    "- slow Error: test timed out after 20ms",
    "+ next",
    "+ patient",
  ]);
  expect(signal?.aborted).toBe(true);
});

test("only named tests run, and the others are not mentioned", async () => {
  const write = ({ test: it, describe, before }: Writing): void => {
    void describe("a", () => {
      before(boom);
      void it("b", () => {});
    });
    void describe("c", () => {
      void it("d", () => {});
      void it("e", async (context) => {
        await context.test("f", () => {});
        await context.test("g", () => {});
      });
    });
    void it("d", () => {});
  };
  expect(brief(await outcomesOf(write, ["c > d"]))).toEqual(["+ c > d"]);
  expect(brief(await outcomesOf(write, ["c > e > g", "d"]))).toEqual([
    "+ c > e > g",
    "+ c > e",
    "+ d",
  ]);
  expect(brief(await outcomesOf(write, ["c > e"]))).toEqual([
    "+ c > e > f",
    "+ c > e > g",
    "+ c > e",
  ]);
  expect(await outcomesOf(write, [])).toEqual([]);
});

test("results have the shape that others read", async () => {
  const outcomes = await outcomesOf(({ test: it, describe }) => {
    void describe("suite A", () => {
      void it("adds", () => {});
      void it("fails", boom);
    });
    // Our own runner runs it: how a skipped test is told is what is tested.
    void it.skip("later");
  });
  const completedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\.\d{3}Z$/);
  const duration = expect.any(Number);
  expect(toResults(outcomes, 7)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 1,
    total: 3,
    duration: 7,
    tests: [
      { name: "adds", suite: "suite A", passed: true, error: null, duration, completedAt },
      {
        name: "fails",
        suite: "suite A",
        passed: false,
        error: expect.stringMatching(/^Error: boom\n/),
        duration,
        completedAt,
      },
      { name: "later", suite: null, skipped: true, duration: 0, completedAt },
    ],
  });
});

test("runs of one realm follow each other and clear the registry", async () => {
  const registry = createRegistry();
  const { test: it } = createWriting(registry);
  const names: string[] = [];
  const request = {
    files: [],
    prefix: new URL("file:///"),
    emit: ({ name }: Outcome) => void names.push(name),
  };
  void it("a", () => {});
  const first = runHere(registry, request);
  const second = runHere(registry, request);
  await Promise.all([first, second]);
  expect(names).toEqual(["a"]);
  expect(registry.tests).toEqual([]);
});

test("a file that cannot be imported is one failed test", async () => {
  const outcomes: Outcome[] = [];
  await runHere(createRegistry(), {
    files: ["/no such/a.test.js"],
    prefix: new URL("file:///nowhere/"),
    emit: (outcome) => outcomes.push(outcome),
  });
  expect(outcomes).toMatchObject([
    { name: "Import: no such/a.test.js", suite: null, status: "fail", file: "/no such/a.test.js" },
  ]);
  expect(outcomes[0]?.error).toContain("nowhere/no%20such/a.test.js");
});
