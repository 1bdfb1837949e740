import { expect, test } from "vitest";
import { describeTorture, expectNothingLost } from "../support/expect-torture.ts";
import { torture } from "../support/log-torture.ts";

test("a thousand appends beside a server that is killed again and again", async () => {
  const result = await torture(1000);
  console.log(describeTorture(result));
  expectNothingLost(result);
  expect(result.kills).toBeGreaterThan(20);
});
