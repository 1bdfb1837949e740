import { expect, test } from "vitest";
import type { ServerMethods } from "../../../src/protocol/contract.ts";
import { UserError } from "../../../src/protocol/errors.ts";
import type { ServerConnection } from "../../../src/extension/server-connection.ts";
import { ServerProcess, type ServerState } from "../../../src/extension/server-process.ts";

interface Child extends ServerConnection {
  crash(reason: string): void;
}

function child(name: string): Child {
  let crash!: (reason: string) => void;
  const ended = new Promise<string>((resolve) => {
    crash = resolve;
  });
  const methods = { name } as unknown as ServerMethods;
  const welcome = { protocol: 1, version: "0", pid: 1, gateway: "", token: "" };
  return { methods, welcome, ended, crash, stop: () => Promise.resolve(crash("was stopped")) };
}

/** Starts children from a list; `fail` in it makes that start reject. */
function subject(starts: (Child | "fail")[]): {
  server: ServerProcess;
  states: string[];
  restarts: ServerMethods[];
  settle(): Promise<void>;
} {
  const states: string[] = [];
  const restarts: ServerMethods[] = [];
  const server = new ServerProcess({
    connect: () => {
      const next = starts.shift();
      if (next === "fail" || !next)
        return Promise.reject(
          new UserError("server_gone", "ended with code 1 before it was ready"),
        );
      return Promise.resolve(next);
    },
    changed: (state: ServerState) => void states.push(state.name),
    restarted: (methods) => void restarts.push(methods),
    now: () => 0,
    wait: () => Promise.resolve(),
  });
  return {
    server,
    states,
    restarts,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test("nothing starts before the first use, and two first uses start one server", async () => {
  const only = child("one");
  const { server, states } = subject([only]);
  expect(states).toEqual([]);
  expect(await Promise.all([server.use(), server.use()])).toEqual([only.methods, only.methods]);
  expect(states).toEqual(["starting", "ready"]);
});

test("a server that dies is started again, and that is announced once it is ready", async () => {
  const first = child("one");
  const second = child("two");
  const { server, states, restarts, settle } = subject([first, second]);
  await server.use();
  first.crash("was ended by SIGKILL");
  await settle();
  expect(states).toEqual(["starting", "ready", "waiting", "starting", "ready"]);
  expect(restarts).toEqual([second.methods]);
  expect(server.current).toBe(second.methods);
});

test("the fifth failed start within the window ends it, and a restart by hand begins anew", async () => {
  const late = child("late");
  const { server, states } = subject(["fail", "fail", "fail", "fail", "fail", late]);
  await expect(server.use()).rejects.toMatchObject({ code: "server_gone" });
  expect(states.at(-1)).toBe("failed");
  expect(states.filter((state) => state === "waiting")).toHaveLength(4);
  await expect(server.use()).rejects.toMatchObject({ code: "server_gone" });
  expect(await server.restart()).toBe(late.methods);
});

test("a server of another version is not started again and again", async () => {
  const { server, states } = subject([]);
  const incompatible = new ServerProcess({
    connect: () => Promise.reject(new UserError("incompatible", "The server speaks 0.2")),
    changed: (state) => void states.push(state.name),
    restarted: () => {},
  });
  await expect(incompatible.use()).rejects.toMatchObject({ code: "incompatible" });
  expect(states).toEqual(["starting", "failed"]);
  await server.stop();
});

test("stopping is no crash: nothing is started afterwards", async () => {
  const first = child("one");
  const { server, states, restarts, settle } = subject([first, child("two")]);
  await server.use();
  await server.stop();
  await settle();
  expect([states.at(-1), restarts, server.current]).toEqual(["idle", [], undefined]);
});

test("a stop while it waits to start again ends the waiting", async () => {
  const states: string[] = [];
  const server = new ServerProcess({
    connect: () => Promise.reject(new UserError("server_gone", "no")),
    changed: (state) => void states.push(state.name),
    restarted: () => {},
    wait: (_ms, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("aborted"))),
      ),
  });
  const started = server.use();
  await expect.poll(() => states.at(-1)).toBe("waiting");
  await server.stop();
  await expect(started).rejects.toMatchObject({ code: "cancelled" });
  expect(states.at(-1)).toBe("idle");
});
