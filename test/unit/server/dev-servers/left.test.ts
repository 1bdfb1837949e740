/** Projects that ran when they went, and are back soon. */
import { expect, test } from "vitest";
import type { Project } from "../../../../src/protocol/model.ts";
import { projectAt } from "../../../support/sessions.ts";
import { createLeft } from "../../../../src/server/dev-servers/left.ts";

const project = (id: string, root: string): Project => projectAt(root, id);

test("one is back under its id or in its place, once, and only soon", () => {
  let at = 0;
  const left = createLeft(() => at);
  left.add(project("shop", "/a"));
  left.add(project("docs", "/b"));
  expect(left.isBack(project("other", "/c"))).toBe(false);
  at = 29_999;
  expect(left.isBack(project("shop", "/elsewhere"))).toBe(true);
  expect(left.isBack(project("shop", "/a"))).toBe(false);
  expect(left.isBack(project("handbook", "/b"))).toBe(true);
  expect(left.isBack(project("handbook", "/b"))).toBe(false);
  expect(left.isBack(project("docs", "/moved"))).toBe(true);
  left.add(project("shop", "/a"));
  at += 30_000;
  expect(left.isBack(project("shop", "/a"))).toBe(false);
});
