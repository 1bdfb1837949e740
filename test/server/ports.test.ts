/** Ports of dev servers over projects, windows and other programs (dev-servers section 5; scenarios 2 and 3). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type ListenOptions } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { createPorts, type Ports } from "../../src/server/dev-servers/ports.ts";
import { processStart } from "../../src/server/processes.ts";
import { firstPort } from "../support/server.ts";

/** The last ten of this worker: the servers of its tests use the others. */
const start = firstPort + 90;

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "vtr-ports-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return path.join(made, "ports");
}

async function portsIn(directory: string, count: number): Promise<Ports> {
  const owner = { pid: process.pid, start: (await processStart(process.pid)) ?? "" };
  const ports = createPorts(directory, owner, () => [start, start + count]);
  onTestFinished(() => ports.releaseAll());
  return ports;
}

async function occupy(options: ListenOptions): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ exclusive: true, ...options }, resolve);
  });
  onTestFinished(async () => {
    server.close();
    await once(server, "close");
  });
}

const project = (id: string): { id: string; root: string } => ({ id, root: `/srv/${id}` });

test("2: two projects at once get different ports, and a third gets the one that was given back", async () => {
  const ports = await portsIn(await folder(), 2);
  const [one, two] = await Promise.all([
    ports.reserve(undefined, project("one")),
    ports.reserve(undefined, project("two")),
  ]);
  expect([one, two].toSorted()).toEqual([start, start + 1]);
  expect([ports.getPort("one"), ports.getPort("two"), ports.getPort("three")]).toEqual([
    one,
    two,
    0,
  ]);
  expect(await ports.releaseByProject("one")).toBe(one);
  expect(await ports.releaseByProject("one")).toBe(0);
  expect(ports.getPort("one")).toBe(0);
  expect(await ports.reserve(undefined, project("three"))).toBe(one);
});

test.each([
  ["IPv4 loopback", { host: "127.0.0.1" }],
  ["IPv6 loopback", { host: "::1" }],
  ["the IPv4 wildcard", { host: "0.0.0.0" }],
  ["the IPv6 wildcard alone", { host: "::", ipv6Only: true }],
  ["both wildcards", { host: "::" }],
])("3: a port that is occupied on %s is skipped", async (_name, options) => {
  await occupy({ port: start, ...options });
  const ports = await portsIn(await folder(), 2);
  expect(await ports.reserve(start)).toBe(start + 1);
});

test("3: when all are occupied the error names the range, and nothing stays locked", async () => {
  await occupy({ port: start, host: "127.0.0.1" });
  await occupy({ port: start + 1, host: "::" });
  const directory = await folder();
  const ports = await portsIn(directory, 2);
  await expect(ports.reserve(undefined, project("one"))).rejects.toMatchObject({
    code: "port_exhausted",
    message: `Ports ${start}–${start + 1} are all in use. Stop a project, free a port or change the setting vitrine.portRange`,
  });
  expect(await readdir(directory)).toEqual([]);
  expect(ports.getPort("one")).toBe(0);
});

test("a project gets its last port again in a later run, by its root", async () => {
  const directory = await folder();
  const first = await portsIn(directory, 4);
  await first.reserve(undefined, project("zero"));
  const port = await first.reserve(undefined, project("one"));
  const proxy = await first.reserve(undefined, { ...project("one"), use: "proxy" });
  expect([port, proxy]).toEqual([start + 1, start + 2]);
  expect(first.getPort("one", "proxy")).toBe(proxy);
  await first.releaseAll();
  const second = await portsIn(directory, 4);
  expect(await second.reserve(undefined, { ...project("one"), id: "renamed" })).toBe(port);
  expect(await second.reserve(undefined, { ...project("one"), use: "proxy" })).toBe(proxy);
  expect(await second.reserve(undefined, project("new"))).toBe(start);
});

test("a holder keeps the port it prefers, and moves on when it asks for another", async () => {
  const directory = await folder();
  const ports = await portsIn(directory, 3);
  const port = await ports.reserve(undefined, project("one"));
  expect(await ports.reserve(port, project("one"))).toBe(port);
  const next = await ports.reserve(undefined, project("one"));
  expect(next).toBe(start + 1);
  expect(ports.getPort("one")).toBe(next);
  expect(await ports.reserve(undefined, project("two"))).toBe(port);
  expect(await readdir(directory)).toHaveLength(2);
});

test("a last port outside the range, or one that is lost on disk, is no matter", async () => {
  const directory = await folder();
  const wide = await portsIn(directory, 4);
  await wide.reserve(start + 3, project("one"));
  await wide.releaseAll();
  const narrow = await portsIn(directory, 2);
  expect(await narrow.reserve(start + 3, project("one"))).toBe(start);
  await rm(`${directory}-last`, { recursive: true });
  expect(await narrow.reserve(undefined, project("two"))).toBe(start + 1);
});

const window = `
  const [ports, processes, directory, first, count] = process.argv.slice(1);
  const { createPorts } = await import(ports);
  const { processStart } = await import(processes);
  const owner = { pid: process.pid, start: await processStart(process.pid) };
  const made = createPorts(directory, owner, () => [Number(first), Number(first) + 10]);
  console.log("ready");
  process.stdin.once("data", async () => {
    const names = Array.from({ length: Number(count) }, (_, index) => "p" + index);
    const root = "/same/root";
    const found = await Promise.all(names.map((id) => made.reserve(undefined, { id, root })));
    console.log(JSON.stringify(found));
  }).once("end", () => process.exit());
`;

test("windows that reserve at the same moment never get one port twice; those of a killed one are free", async () => {
  const directory = await folder();
  const source = (name: string): string =>
    pathToFileURL(path.resolve(import.meta.dirname, `../../src/server/${name}.ts`)).href;
  const windows = Array.from({ length: 3 }, () =>
    spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        window,
        source("dev-servers/ports"),
        source("processes"),
        directory,
        String(start),
        "3",
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    ),
  );
  const lines = windows.map((child) =>
    createInterface({ input: child.stdout })[Symbol.asyncIterator](),
  );
  const next = (): Promise<string[]> =>
    Promise.all(lines.map(async (line) => String((await line.next()).value)));
  expect(new Set(await next())).toEqual(new Set(["ready"]));
  for (const child of windows) child.stdin.write("go");
  const found = (await next()).flatMap((line) => JSON.parse(line) as number[]);
  expect(new Set(found).size).toBe(9);
  const ports = await portsIn(directory, 10);
  const left = await ports.reserve();
  expect(found).not.toContain(left);
  await expect(ports.reserve()).rejects.toMatchObject({ code: "port_exhausted" });
  const ended = windows.map((child) => once(child, "exit"));
  for (const child of windows) child.kill("SIGKILL");
  await Promise.all(ended);
  expect(found).toContain(await ports.reserve());
});

test("a port that the holder's own process has is adopted in its place, one of another project or window is not", async () => {
  const directory = await folder();
  const ports = await portsIn(directory, 3);
  const own = await ports.reserve(undefined, project("one"));
  const other = await ports.reserve(undefined, project("two"));
  await occupy({ port: start + 5, host: "127.0.0.1" });
  expect(await ports.adopt(own, project("one"))).toBe(true);
  expect(await ports.adopt(other, project("one"))).toBe(false);
  expect(ports.getPort("one")).toBe(own);
  expect(await ports.adopt(start + 5, project("one"))).toBe(true);
  expect(ports.getPort("one")).toBe(start + 5);
  // The one it had is free again, and a restart keeps the adopted one.
  expect(await ports.reserve(undefined, project("three"))).toBe(own);
  expect(await ports.reserve(start + 5, project("one"))).toBe(start + 5);
});
