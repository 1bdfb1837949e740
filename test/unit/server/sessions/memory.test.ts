/** Memory is that of a process with all that it started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { memoryOf } from "../../../../src/server/sessions/memory.ts";

const megabyte = 1024 * 1024;
const held = 150;

test("what a child of a child holds counts, and a process that is gone is left out", async () => {
  const holds = `globalThis.held = Buffer.alloc(${held * megabyte}, 1); console.log("held"); setInterval(() => {}, 1e6)`;
  const starts = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(holds)}], { stdio: "inherit" })`;
  const child = spawn(process.execPath, ["-e", starts], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const pid = child.pid ?? 0;
  onTestFinished(async () => {
    const exit = once(child, "close");
    process.kill(-pid, "SIGKILL");
    await exit;
  });
  await once(child.stdout, "data");
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  const memory = await memoryOf([pid, gone.pid ?? 0]);
  expect([...memory.keys()]).toEqual([pid]);
  expect(memory.get(pid)).toBeGreaterThan((held + 40) * megabyte);
});
