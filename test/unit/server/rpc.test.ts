/** Calls over a real MessageChannel: two sides, one contract. */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { UserError } from "../../../src/protocol/errors.ts";
import { connect } from "../../../src/server/rpc.ts";

interface Far {
  add(a: number, b: number): Promise<number>;
  fail(kind: "expected" | "bug"): Promise<void>;
  never(): Promise<void>;
  missing(): Promise<void>;
}

const ports: MessagePort[] = [];
afterEach(() => ports.splice(0).forEach((port) => port.close()));

function pair(deadline = 1000): {
  far: Far;
  told: unknown[];
  tell: (name: "heard", value: unknown) => void;
  close(reason: string): void;
} {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const told: unknown[] = [];
  const link = (port: MessagePort) => ({
    post: (message: unknown) => port.postMessage(message),
    on: (listener: (message: unknown) => void) => void port.on("message", listener),
  });
  connect(link(port2), {
    deadline,
    events: { heard: (value: unknown) => told.push(value) },
    methods: {
      add: async (a: number, b: number) => a + b,
      fail: async (kind: string) => {
        if (kind === "expected")
          throw new UserError("port_in_use", "Port 80 is in use", { data: { port: 80 } });
        throw new TypeError("x is not a function");
      },
      never: () => new Promise(() => {}),
    },
  });
  const near = connect<Far, { heard(value: unknown): void }>(link(port1), {
    deadline,
    methods: {},
  });
  return { far: near.remote, told, tell: near.tell, close: near.close };
}

test("a call answers with the value", async () => {
  expect(await pair().far.add(2, 3)).toBe(5);
});

test("an expected failure keeps its code and data", async () => {
  await expect(pair().far.fail("expected")).rejects.toMatchObject({
    name: "UserError",
    code: "port_in_use",
    message: "Port 80 is in use",
    data: { port: 80 },
  });
});

test("a bug arrives as internal, without fields of its own", async () => {
  await expect(pair().far.fail("bug")).rejects.toMatchObject({
    code: "internal",
    message: "x is not a function",
  });
});

test("a method that does not exist, or lives on the prototype, is refused", async () => {
  const { far } = pair();
  await expect(far.missing()).rejects.toMatchObject({ code: "bad_request" });
  await expect(
    (far as unknown as Record<string, () => Promise<void>>)["constructor"]?.(),
  ).rejects.toMatchObject({ code: "bad_request" });
});

test("a call that is not answered ends at its deadline", async () => {
  await expect(pair(30).far.never()).rejects.toThrow(/timeout/);
});

test("closing rejects what is pending with the reason", async () => {
  const { far, close } = pair();
  const pending = far.never();
  close("The process ended");
  await expect(pending).rejects.toMatchObject({
    code: "server_gone",
    message: "The process ended",
  });
});

test("what is told arrives in order and is not answered", async () => {
  const { far, tell, told } = pair();
  tell("heard", 1);
  tell("heard", { two: 2 });
  await far.add(0, 0);
  expect(told).toEqual([1, { two: 2 }]);
});
