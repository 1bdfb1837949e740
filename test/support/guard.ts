/** Set up for every test file: it fails when the file leaves a process, a listening port or a temp folder behind. */
import { randomUUID } from "node:crypto";
import { afterAll } from "vitest";
import { describeProcesses, listeningPorts, processesLeft } from "./processes.ts";

/** Milliseconds within which everything a test file started has to be gone; the server's own limit is 5 s (decision 3). */
const GRACE = 6_000;

// Children inherit the environment, so whatever this file starts carries its mark.
const mark = `${process.env.VITRINE_TEST_RUN ?? "alone"}/${randomUUID()}`;
process.env.VITRINE_TEST_RUN = mark;
// Vitest sets it to "test", which a user's Vite would take for the mode of their app.
delete process.env.NODE_ENV;

afterAll(async () => {
  const left = await processesLeft(mark, GRACE);
  if (left.length > 0)
    throw new Error(`this test file left processes behind:\n${describeProcesses(left)}`);
  const ports = listeningPorts(process.pid);
  if (ports.length > 0) throw new Error(`this test file still listens on ${ports.join(", ")}`);
});
