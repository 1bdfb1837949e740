import { expect, test } from "vitest";
import { createTrustGate } from "../../../src/server/trust-gate.ts";

test("without trust every way to run code is refused, in one sentence that names it", () => {
  const gate = createTrustGate(false);
  expect(gate.trusted).toBe(false);
  expect(() => gate.require("Running a block")).toThrow(
    expect.objectContaining({
      code: "not_trusted",
      message: "Running a block needs a trusted workspace; trust this folder to go on",
    }),
  );
});

test("with trust nothing is refused", () => {
  const gate = createTrustGate(true);
  gate.require("Running a block");
  expect(gate.trusted).toBe(true);
});

test("granting opens the gate and tells each listener once", () => {
  const gate = createTrustGate(false);
  const told: string[] = [];
  gate.onGrant(() => told.push("first"));
  const stop = gate.onGrant(() => told.push("second"));
  stop();
  gate.grant();
  gate.grant();
  gate.require("Running a block");
  expect(told).toEqual(["first"]);
});
