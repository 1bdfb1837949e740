/** Set up for every test file: it fails when the file leaves a process, a listening port or a temp folder behind. */
import { randomUUID } from "node:crypto";
import { afterAll } from "vitest";
import { describeProcesses, listeningPorts, processesLeft } from "./processes.ts";

/** Milliseconds within which everything a test file started has to be gone; the server's own limit is 5 s (decision 3). */
const GRACE = 6_000;

// Children inherit the environment, so whatever a test starts carries this marker.
process.env.VITRINE_TEST_FILE = randomUUID();

afterAll(async () => {
  const left = await processesLeft(`VITRINE_TEST_FILE=${process.env.VITRINE_TEST_FILE}`, GRACE);
  if (left.length > 0)
    throw new Error(`this test file left processes behind:\n${describeProcesses(left)}`);
  const ports = listeningPorts(process.pid);
  if (ports.length > 0) throw new Error(`this test file still listens on ${ports.join(", ")}`);
});
