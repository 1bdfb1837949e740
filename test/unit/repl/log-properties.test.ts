/** Agents, editors, realm, clock and restarts at one log, in any order (23, point 3), the whole engine on a disk in memory. */
import { test } from "vitest";
import { Life, type Step } from "../../support/log-life.ts";
import { liveManyLives } from "../../support/log-lives.ts";

test(
  "whatever the order: one reply per block, no text lost, one anchor, whole texts, nothing twice, no history",
  // About a minute of CPU; a busy machine takes its time.
  { timeout: 900_000 },
  async () => {
    console.log(await liveManyLives(Number(process.env["VITRINE_LOG_RUNS"] ?? 10_000)));
  },
);

const api: Step = { kind: "api", blocks: 1 };
const append: Step = {
  kind: "append",
  blocks: 1,
  heading: true,
  note: false,
  crlf: false,
  inside: 0,
};

/** Lives that failed once. */
const found: readonly (readonly [string, readonly Step[]])[] = [
  [
    "a block finished behind history, after the API was appended to above it",
    [api, api, append, { kind: "restart" }, { kind: "draft" }, api],
  ],
  [
    "an older text is saved over a reply just before the server ends",
    [
      { kind: "read" },
      { ...append, heading: false },
      { kind: "take" },
      { kind: "hang" },
      { kind: "stale", style: "rename", note: false, inside: 0 },
      { kind: "restart" },
    ],
  ],
];

test.each(found)("%s", async (_, steps) => {
  const life = new Life();
  await life.begin("# p\n\nFirst.\n\nSecond.\n");
  for (const step of steps) await life.step(step);
  await life.finish();
  life.check();
});
