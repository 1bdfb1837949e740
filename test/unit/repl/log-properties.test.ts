/** Agents, editors, realm, clock and restarts at one log, in any order (23, point 3), the whole engine on a disk in memory. */
import { test } from "vitest";
import { liveManyLives } from "../../support/log-lives.ts";

test(
  "whatever the order: one reply per block, no text lost, one anchor, whole texts, nothing twice, no history",
  // About a minute of CPU; a busy machine takes its time.
  { timeout: 900_000 },
  async () => {
    // The same lives each time: a run that fails must fail for what was changed. The long tests live others each time.
    console.log(await liveManyLives(Number(process.env["VITRINE_LOG_RUNS"] ?? 10_000), 20_261_125));
  },
);
