import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { listeningPorts, markedProcesses, processesLeft } from "../../support/processes.ts";

test.runIf(process.platform === "linux")(
  "a process is found by the marker in its environment until it ends",
  async () => {
    const child = spawn(process.execPath, ["-e", "console.log(); setInterval(() => {}, 1000)"], {
      env: { ...process.env, VITRINE_TEST_RUN: "sample/one" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const exited = once(child, "exit");
    await once(child.stdout, "data");
    expect(markedProcesses("sample/").map(({ pid, parent }) => [pid, parent])).toEqual([
      [child.pid, process.pid],
    ]);
    child.kill();
    await exited;
    expect(await processesLeft("sample/", 1_000)).toEqual([]);
  },
);

test.runIf(process.platform === "linux")(
  "the ports on which a process listens are known",
  async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    expect(listeningPorts(process.pid)).toContain(typeof address === "object" ? address?.port : 0);
    server.close();
    await once(server, "close");
  },
);
