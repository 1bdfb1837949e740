/** Guards that wait for a command. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { startCommand } from "../../../src/server/dev-servers/commands/command.ts";
import { createGuards, type Guards } from "../../../src/server/dev-servers/commands/guards.ts";
import { isAlive } from "../../support/alive.ts";
import { openBackend } from "../../support/backends.ts";
import { eventually } from "../../support/eventually.ts";

function useGuards(): { guards: Guards; kept: Set<number> } {
  const kept = new Set<number>();
  const guards = createGuards({
    addChild: async (pid) => void kept.add(pid),
    removeChild: async (pid) => void kept.delete(pid),
  });
  onTestFinished(() => guards.close());
  return { guards, kept };
}

test("one guard waits, a command is run below it, and the next command gets another", async () => {
  const { guards, kept } = useGuards();
  guards.prepare();
  guards.prepare();
  const [waiting = 0] = kept;
  expect(kept.size).toBe(1);
  const keeper = { addChild: async () => {}, removeChild: async () => {} };
  const said: string[] = [];
  const command = await startCommand(
    {
      command: [process.execPath, "-p", "process.ppid"],
      cwd: process.cwd(),
      env: {},
    },
    { keeper, guard: guards.take(), line: ({ text }) => void said.push(text) },
  );
  expect(await command.exited).toEqual({ code: 0, signal: null });
  expect(said).toEqual([String(waiting)]);
  await eventually("the guard to be forgotten", () => kept.size === 0);
  const other = guards.take();
  expect(other.pid).not.toBe(waiting);
  other.disconnect();
  await once(other, "exit");
});

test("a guard that was killed while it waited is replaced, and none is left after the end", async () => {
  const { guards, kept } = useGuards();
  guards.prepare();
  const [first = 0] = kept;
  process.kill(first, "SIGKILL");
  await eventually("its end", () => kept.size === 0);
  guards.prepare();
  const [second = 0] = kept;
  expect(second).not.toBe(first);
  await guards.close();
  expect(isAlive(second)).toBe(false);
  guards.prepare();
  expect(kept.size).toBe(0);
});

test("a changed source has a guard ready by the time it is built, and a stop in between leaves none", async () => {
  const backend = await openBackend({
    files: { "src/app.ts": "1" },
    config: (root) => ({
      build: { command: [process.execPath, "-e", ""], cwd: root, env: {} },
      debounceMs: 60_000,
    }),
  });
  await backend.start();
  await backend.untilStatus("ready");
  await eventually("nothing to run", () => backend.kept.size === 0);
  await writeFile(backend.file("src/app.ts"), "2");
  await eventually("a guard", () => backend.kept.size === 1);
  const [guard = 0] = backend.kept;
  await backend.close();
  expect(isAlive(guard)).toBe(false);
});
