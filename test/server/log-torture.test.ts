/** A log under fire (19, 23.3): three agents, a realm, a reader, and a server that is killed at random points. */
import { expect, test } from "vitest";
import { describeTorture, expectNothingLost } from "../support/expect-torture.ts";
import { torture } from "../support/log-torture.ts";

test(
  "a server that is killed again and again loses no text, answers every request once and runs none twice",
  { timeout: 300_000 },
  async () => {
    const result = await torture(75);
    console.log(describeTorture(result));
    expectNothingLost(result);
    expect(result.kills).toBeGreaterThan(2);
    expect(result.ways["stale"]).toBeGreaterThan(5);
    // Most requests are answered with their value; else the test would prove nothing.
    const done = result.asked.filter((id) => result.text.includes(`done ${id}\n`));
    expect(done.length).toBeGreaterThan(result.asked.length / 2);
  },
);
