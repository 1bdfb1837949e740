/** What a started back end prints to say that it serves (dev-servers 4.4). */
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { awaitHandshake } from "../../../../src/server/dev-servers/backends/handshake.ts";
import type { Handshake } from "../../../../src/server/dev-servers/project-config.ts";

/** The address of a back end that prints these lines. */
function addressOf(
  handshake: Handshake,
  lines: readonly string[],
  stream: "stdout" | "stderr" = "stdout",
): Promise<string> {
  const wait = awaitHandshake(handshake, new AbortController().signal);
  for (const text of lines) wait.line({ stream, raw: text, text });
  return wait.answered;
}
const timeoutMs = 200;

test.each([
  ["1|1|tcp|127.0.0.1:42367|grpc", "127.0.0.1:42367"],
  ["1|2|unix|/tmp/plugin123|netrpc|CERT", "unix:/tmp/plugin123"],
])("the line %j of a Go plugin is the address %s", async (line, address) => {
  expect(await addressOf({ type: "go-plugin", timeoutMs }, ["starting", line])).toBe(address);
});

test("a Go plugin with another version of the handshake is refused", async () => {
  await expect(
    addressOf({ type: "go-plugin", timeoutMs }, ["2|1|tcp|127.0.0.1:1|grpc"]),
  ).rejects.toThrow(/speaks version "2" of the plugin handshake, not 1/);
});

test("the handshake of a Go plugin is not looked for in its log", async () => {
  await expect(
    addressOf({ type: "go-plugin", timeoutMs }, ["1|1|tcp|127.0.0.1:1|grpc"], "stderr"),
  ).rejects.toThrow(/did not come up within 0\.2 s: it printed no line like 1\|1\|tcp/);
});

test.each([
  [String.raw`port (?<port>\d+)`, "127.0.0.1:81"],
  [String.raw`on (?<addr>\S+:\d+)`, "localhost:81"],
  [String.raw`(?<url>http:\S+)`, "http://localhost:81/"],
  ["up", ""],
])("the pattern %s gives the address %j", async (pattern, address) => {
  const line = "up on localhost:81, port 81, http://localhost:81/";
  expect(await addressOf({ type: "regex", pattern, timeoutMs }, ["no", line], "stderr")).toBe(
    address,
  );
});

test("a wrong pattern and a wrong address are refused in one sentence", async () => {
  expect(() =>
    awaitHandshake({ type: "regex", pattern: "(", timeoutMs }, new AbortController().signal),
  ).toThrow(/is no regular expression/);
  await expect(addressOf({ type: "tcp", addr: "nowhere", timeoutMs }, [])).rejects.toThrow(
    '"nowhere" is no address. Write host:port into handshake.addr in vitrine.json',
  );
  await expect(addressOf({ type: "http", url: "file:///x", timeoutMs }, [])).rejects.toThrow(
    /is no web address/,
  );
});

test("an address of IPv6 is reached", async ({ skip }) => {
  const server = createServer();
  const isThere = await new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(0, "::1", () => resolve(true));
  });
  if (isThere === false) return skip("this machine has no IPv6");
  const { port } = server.address() as { port: number };
  expect(await addressOf({ type: "tcp", addr: `[::1]:${port}`, timeoutMs: 5000 }, [])).toBe(
    `[::1]:${port}`,
  );
  await new Promise((resolve) => server.close(resolve));
});

test("a start that is no longer wanted ends its waiting at once", async () => {
  const life = new AbortController();
  const wait = awaitHandshake({ type: "tcp", addr: "127.0.0.1:1", timeoutMs: 60_000 }, life.signal);
  life.abort();
  await expect(wait.answered).rejects.toThrow("cancelled");
});
