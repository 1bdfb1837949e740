/** Random lives of a log (23, point 3): agents, editors, realm, clock and restarts, in any order. */
import * as fc from "fast-check";
import { expect } from "vitest";
import { Life, type Step, type Style } from "./log-life.ts";

const style = fc.constantFrom<Style>("rename", "in place", "truncate first");
/** Calls of the disk until somebody else acts; mostly they act in between. */
const inside = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 25 }));
const blocks = fc.integer({ min: 1, max: 3 });
const kind = <Kind extends Step["kind"]>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind("append"),
      blocks,
      heading: fc.boolean(),
      note: fc.boolean(),
      crlf: fc.boolean(),
      inside,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("api"), blocks }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("draft") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("complete") }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("read") }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("stale"), style, note: fc.boolean(), inside }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("edit"), style, place: fc.nat({ max: 30 }), inside }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("delete region"), style }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("take") }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("result"), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("late result") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("lost") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("events"), count: fc.constantFrom(1, 3, 12) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("hang") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("progress") }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("wait"), ms: fc.constantFrom(40, 700, 5100, 61_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("crash"), inside }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("restart") }) },
);

const steps = fc.array(step, { minLength: 1, maxLength: 12 });
const start = fc.constantFrom(
  undefined,
  "# p\n\nFirst.\n\nSecond.\n",
  "# p\r\n\r\nFirst.\r\n\r\nSecond.\r\n",
  "# p\n\nOld.\n\n----------------------------------------------------------------------\n> Append your JavaScript snippet below to execute against this page.\n\n```js\nhistory()\n```\n",
);

/**
 * The seed is random unless VITRINE_SEED names one; a failure tells it.
 *
 * @returns what was done, for people
 */
export async function liveManyLives(runs: number): Promise<string> {
  const seed = Number(process.env["VITRINE_SEED"] ?? Date.now() % 2 ** 31);
  let count = 0;
  const began = process.cpuUsage();
  await fc.assert(
    fc.asyncProperty(start, fc.boolean(), steps, async (text, isLong, all) => {
      const life = new Life();
      await life.begin(text, isLong);
      for (const one of all) {
        count++;
        await life.step(one);
      }
      await life.finish();
      life.check();
      expect(life.ran).not.toContain("history()");
    }),
    { numRuns: runs, seed },
  );
  const { user, system } = process.cpuUsage(began);
  const s = ((user + system) / 1e6).toFixed(0);
  return `logs: ${runs} interleavings, ${count} steps, ${s} s of CPU, seed ${seed}`;
}
