import { expect, test } from "vitest";
import { residentMemory } from "../../../src/server/resident-memory.ts";

test("bytes of processes that live, and nothing of others", async () => {
  const found = await residentMemory([process.pid, 9_999_999]);
  expect([...found.keys()]).toEqual([process.pid]);
  const own = process.memoryUsage().rss;
  expect(found.get(process.pid)).toBeGreaterThan(own / 2);
  expect(found.get(process.pid)).toBeLessThan(own * 2);
  expect(await residentMemory([])).toEqual(new Map());
});
