import { expect, test } from "vitest";
import { withoutRunner } from "../../../../src/realm/test/stack.ts";

const own = "    at TestContext.<anonymous> (http://localhost:8100/a.test.js?t=1:5:30)";
const runner = "    at call (http://localhost:8100/-daebug-node:test.js:1:2345)";
const client = "    at wrapped (http://127.0.0.1:15173/shop/-vitrine/page.js:1:99)";

test("frames of the runner and of the client go, whatever their base; those of the test stay", () => {
  const stack = [
    "AssertionError: one",
    "  two",
    own,
    runner,
    client,
    "[cause] Error: deep",
    own,
    runner,
  ];
  expect(withoutRunner(stack.join("\n"))).toBe(
    ["AssertionError: one", "  two", own, "[cause] Error: deep", own].join("\n"),
  );
});

test("frames of the engine go with the runner's frame below them, and stay between frames of the test", () => {
  const engine = "    at new Promise (<anonymous>)";
  expect(withoutRunner(["Error: x", own, engine, own, engine, runner].join("\n"))).toBe(
    ["Error: x", own, engine, own].join("\n"),
  );
});

test("all frames stay when no other would be left", () => {
  const stack = [
    "Error: test timed out after 40ms",
    runner,
    "    at new Promise (<anonymous>)",
    client,
  ];
  expect(withoutRunner(stack.join("\n"))).toBe(stack.join("\n"));
  expect(withoutRunner("Error: x")).toBe("Error: x");
});

test("a message that speaks of our modules is no frame", () => {
  const text = `Error: Failed to fetch /-daebug-node:test.js:1:1\n see /-vitrine/page.js:1:1\n${own}`;
  expect(withoutRunner(text)).toBe(text);
});

test("stacks of other browsers are read as well", () => {
  const firefox = "@http://localhost:8100/a.test.js?t=1:5:30";
  const stack = ["Error: x", firefox, "call@http://localhost:8100/-daebug-node:test.js:1:2345"];
  expect(withoutRunner(stack.join("\n"))).toBe(["Error: x", firefox].join("\n"));
});
