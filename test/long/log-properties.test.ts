import { test } from "vitest";
import { liveManyLives } from "../support/log-lives.ts";

test("a hundred thousand lives of a log", async () => {
  console.log(await liveManyLives(100_000));
});
