/** Commands below their guard (dev-servers section 12): output, exit, and that nothing of them is left. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import {
  startCommand,
  type CommandLine,
  type RunningCommand,
} from "../../../src/server/dev-servers/commands/command.ts";
import { openStateDirectory, type Discovery } from "../../../src/server/state-directory.ts";
import { isAlive } from "../../support/alive.ts";
import { eventually } from "../../support/eventually.ts";

const kept = new Set<number>();
const keeper = {
  addChild: async (pid: number) => void kept.add(pid),
  removeChild: async (pid: number) => void kept.delete(pid),
};
/** Starts a program of a few words; its lines are gathered. */
async function run(
  code: string,
  more: { env?: Record<string, string>; cwd?: string } = {},
): Promise<{
  command: RunningCommand;
  lines: CommandLine[];
  said: (text: string) => Promise<void>;
}> {
  const lines: CommandLine[] = [];
  const waiting = new Map<string, () => void>();
  const command = await startCommand(
    {
      command: [process.execPath, "-e", code],
      cwd: more.cwd ?? process.cwd(),
      env: more.env ?? {},
    },
    {
      keeper,
      line: (line) => {
        lines.push(line);
        waiting.get(line.text)?.();
      },
    },
  );
  const said = (text: string): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(text, resolve);
      if (lines.some((line) => line.text === text)) resolve();
    });
  return { command, lines, said };
}
const texts = (lines: readonly CommandLine[]): string[] => lines.map(({ text }) => text);

describe("what a command says", () => {
  test("every line of both streams arrives before its exit, colours only in the raw one", async () => {
    const { command, lines } = await run(
      'console.log("\\x1b[31mred\\x1b[0m"); console.error("to stderr"); process.stdout.write("no end"); process.exitCode = 3;',
    );
    expect(await command.exited).toEqual({ code: 3, signal: null });
    expect(lines.filter(({ stream }) => stream === "stdout")).toEqual([
      { stream: "stdout", raw: "\u001B[31mred\u001B[0m", text: "red" },
      { stream: "stdout", raw: "no end", text: "no end" },
    ]);
    expect(lines.filter(({ stream }) => stream === "stderr").map(({ text }) => text)).toEqual([
      "to stderr",
    ]);
  });

  test("15: a line of 1 MB does not stop later ones", async () => {
    const { command, lines } = await run(
      'console.log("x".repeat(1_000_000)); for (let n = 0; n < 5100; n++) console.log(`line ${n}`);',
    );
    await command.exited;
    expect(lines).toHaveLength(5101);
    expect(lines[0]?.text).toHaveLength(1_000_000);
    expect(texts(lines.slice(1))).toEqual(Array.from({ length: 5100 }, (_, n) => `line ${n}`));
  });

  test("its environment is the user's and its own, without the editor's and ours", async () => {
    process.env["VSCODE_PID"] = "1";
    const { command, lines } = await run(
      "const { VSCODE_PID, ELECTRON_RUN_AS_NODE, NODE_CHANNEL_FD, PATH, OWN } = process.env; console.log(JSON.stringify([VSCODE_PID, ELECTRON_RUN_AS_NODE, NODE_CHANNEL_FD, PATH !== undefined, OWN]))",
      { env: { OWN: "yes" } },
    ).finally(() => delete process.env["VSCODE_PID"]);
    await command.exited;
    expect(JSON.parse(lines[0]?.text ?? "")).toEqual([null, null, null, true, "yes"]);
  });

  test("a signal that ended it is told", async () => {
    const { command, said } = await run('console.log("up"); setInterval(() => {}, 1000)');
    await said("up");
    process.kill(command.pid, "SIGKILL");
    expect(await command.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("a signal goes to the command alone", async () => {
    const { command, said } = await run(
      'process.on("SIGHUP", () => console.log("again")); console.log("up"); setInterval(() => {}, 1000)',
    );
    await said("up");
    command.signal("SIGHUP");
    await said("again");
    await command.stop();
  });
});

describe("commands that cannot run", () => {
  const start = (command: string[], cwd = process.cwd()): Promise<RunningCommand> =>
    startCommand({ command, cwd, env: {} }, { keeper, line() {} });

  test("a program that does not exist is named", async () => {
    await expect(start(["no-such-compiler", "build"])).rejects.toThrow(
      'The command "no-such-compiler" was not found. Install it or change the command in vitrine.json',
    );
    expect(kept).toEqual(new Set());
  });

  test("a folder that does not exist is named, not the program", async () => {
    await expect(start([process.execPath], "/no/such/folder")).rejects.toThrow(
      /cannot run in "\/no\/such\/folder", which is not there/,
    );
  });

  test("a file that is no program is named with the reason", async () => {
    await expect(start([path.resolve("package.json")])).rejects.toThrow(
      /package\.json" could not be started: .*EACCES/,
    );
  });
});

describe("nothing is left", () => {
  // The command has a child of its own, and neither of them listens to SIGTERM.
  const stubborn = `
    process.on("SIGTERM", () => console.log("no"));
    if (process.argv[1] !== "child") {
      const child = require("node:child_process").spawn(process.execPath, ["-e", process.env.CODE, "child"], { stdio: "inherit" });
      console.log("child " + child.pid);
    }
    setInterval(() => {}, 1000);`;
  const owners: ChildProcess[] = [];
  afterEach(async () => {
    for (const owner of owners.splice(0)) owner.kill("SIGKILL");
    await eventually("no child in the record", () => kept.size === 0, 1000);
  });

  const childOf = (lines: readonly CommandLine[]): number | undefined =>
    lines.map(({ text }) => Number(/^child (\d+)$/.exec(text)?.[1])).find((pid) => pid > 0);

  test("a group that ignores SIGTERM is killed after 5 s", async () => {
    const { command, lines } = await run(stubborn, { env: { CODE: stubborn } });
    const child = await eventually("a child", () => childOf(lines));
    const began = performance.now();
    await command.stop();
    expect(performance.now() - began).toBeGreaterThan(4900);
    expect(texts(lines)).toContain("no");
    await eventually("the child's end", () => !isAlive(child), 1000);
    expect(isAlive(command.pid)).toBe(false);
  });

  test("what a command left behind in its group ends with it", async () => {
    const { command, lines } = await run(
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
       console.log("child " + child.pid); process.exit(0);`,
    );
    expect(await command.exited).toEqual({ code: 0, signal: null });
    await eventually("the child's end", () => !isAlive(childOf(lines) ?? 0), 1000);
  });

  test("a killed guard does not save its command", async () => {
    const { command, said } = await run('console.log("up"); setInterval(() => {}, 1000)');
    await said("up");
    const [guard] = [...kept].filter((pid) => pid !== command.pid);
    process.kill(guard ?? 0, "SIGKILL");
    await command.exited;
    await eventually("the command's end", () => !isAlive(command.pid), 1000);
  });

  test("what leaves the group and keeps the output open does not keep the exit waiting", async () => {
    const { command, lines } = await run(
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => console.log('still here'), 20)"], { stdio: "inherit", detached: true });
       console.log("child " + child.pid); setTimeout(() => process.exit(0), 100);`,
    );
    expect(await command.exited).toEqual({ code: 0, signal: null });
    const told = lines.length;
    const child = childOf(lines) ?? 0;
    // It writes to nobody now, and ends by that.
    await eventually("its end", () => !isAlive(child), 2000);
    expect(lines).toHaveLength(told);
  });

  /** Ids of an owner's command and of the child of that. */
  async function ownerOf(state: string): Promise<{ owner: ChildProcess; pids: readonly number[] }> {
    const owner = fork("test/support/command-owner.ts", [state, process.execPath, "-e", stubborn], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      env: { ...process.env, CODE: stubborn },
    });
    owners.push(owner);
    const pids = new Map<string, number>();
    createInterface({ input: owner.stdout! }).on("line", (line) => {
      const [, name, pid] = /^(command|child) (\d+)$/.exec(line) ?? [];
      if (name !== undefined) pids.set(name, Number(pid));
    });
    await eventually("the command and its child", () => pids.size === 2);
    return { owner, pids: [...pids.values()] };
  }

  test("13: kill -9 of the owner leaves no child after 3 s", async () => {
    const state = await mkdtemp(path.join(tmpdir(), "vtr-owner-"));
    const { owner, pids } = await ownerOf(state);
    expect(pids.every(isAlive)).toBe(true);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    await eventually("their end", () => !pids.some(isAlive), 3000);
    const successor = await openStateDirectory(state);
    await successor.close();
    await rm(state, { recursive: true });
  });

  test("what outlived owner and guard is ended by the next server", async () => {
    const state = await mkdtemp(path.join(tmpdir(), "vtr-owner-"));
    const { owner, pids } = await ownerOf(state);
    const children = async (): Promise<readonly number[]> => {
      const record = path.join(state, "servers", `${owner.pid}.json`);
      const { children: known } = JSON.parse(await readFile(record, "utf8")) as Discovery;
      return known.map(({ pid }) => pid);
    };
    await eventually("both in the record", async () => (await children()).length === 2);
    const guard = (await children()).find((pid) => !pids.includes(pid)) ?? 0;
    // An owner that stands still cannot mend what comes next.
    owner.kill("SIGSTOP");
    process.kill(guard, "SIGKILL");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect(pids.every(isAlive)).toBe(true);
    const successor = await openStateDirectory(state);
    await eventually("their end", () => !pids.some(isAlive), 1000);
    await successor.close();
    await rm(state, { recursive: true });
  });
});
