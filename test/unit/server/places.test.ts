/** Ports, addresses, back-off: small owners, each by its rule. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBackOff } from "../../../src/server/dev-servers/back-off.ts";
import { isFree } from "../../../src/server/dev-servers/free-port.ts";
import { createPorts } from "../../../src/server/dev-servers/ports.ts";
import { processStart } from "../../../src/server/processes.ts";
import { addressesOf } from "../../../src/server/sessions/addresses.ts";

describe("ports", () => {
  let directory: string;
  const servers: Server[] = [];
  const occupy = (port: number, host: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const server = createServer()
        .once("error", reject)
        .listen({ port, host, ipv6Only: host === "::" }, () => resolve());
      servers.push(server);
    });
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "vtr-ports-"));
  });
  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
    );
    await rm(directory, { recursive: true });
  });
  const owner = async (): Promise<{ pid: number; start: string }> => ({
    pid: process.pid,
    start: (await processStart(process.pid)) ?? "",
  });

  test.each(["127.0.0.1", "0.0.0.0", "::1", "::"])(
    "a port taken on %s is not free",
    async (host) => {
      await occupy(16301, host);
      expect(await isFree(16301)).toBe(false);
    },
  );

  test("ports come in order, the preferred one first, and released ones come again", async () => {
    const ports = createPorts(directory, await owner(), () => [16310, 16313]);
    expect([await ports.reserve(), await ports.reserve(16312), await ports.reserve()]).toEqual([
      16310, 16312, 16311,
    ]);
    await expect(ports.reserve()).rejects.toMatchObject({ code: "port_exhausted" });
    await ports.release(16311);
    expect(await ports.reserve()).toBe(16311);
    await ports.releaseAll();
    expect(await readdir(directory)).toEqual([]);
  });

  test("two owners never get one port, and the lock of a dead one is taken over", async () => {
    const range = (): [number, number] => [16320, 16322];
    await writeFile(
      path.join(directory, "16320.json"),
      JSON.stringify({ pid: 999_999, start: "1" }),
    );
    await writeFile(path.join(directory, "16321.json"), JSON.stringify(await owner()));
    const ports = createPorts(
      directory,
      { pid: process.ppid, start: (await processStart(process.ppid)) ?? "" },
      range,
    );
    expect(await ports.reserve()).toBe(16320);
    await expect(ports.reserve()).rejects.toMatchObject({ code: "port_exhausted" });
    await ports.releaseAll();
  });
});

describe("addresses", () => {
  test("on a desktop inside and outside are one", () => {
    expect(addressesOf(15173, "http://127.0.0.1:15173/")).toEqual({
      url: "http://127.0.0.1:15173/",
      outside: "http://127.0.0.1:15173/",
      outsideUrl: "http://127.0.0.1:15173/",
      prefix: "/",
      base: "/",
      origins: ["http://127.0.0.1:15173", "http://localhost:15173"],
      hosts: ["127.0.0.1:15173", "localhost:15173"],
    });
  });

  test("behind a path proxy the prefix and the user's own base both count", () => {
    expect(
      addressesOf(15173, "https://code.example/proxy/15173/", "/proxy/15173/shop/"),
    ).toMatchObject({
      url: "http://127.0.0.1:15173/shop/",
      outsideUrl: "https://code.example/proxy/15173/shop/",
      prefix: "/proxy/15173/",
      origins: ["http://127.0.0.1:15173", "http://localhost:15173", "https://code.example"],
      hosts: ["127.0.0.1:15173", "localhost:15173", "code.example"],
    });
  });
});

describe("back-off", () => {
  test("waits longer each time, gives up after five crashes in five minutes, and forgets after a calm minute", () => {
    let now = 0;
    const backOff = createBackOff(
      () => now,
      () => 0.5,
    );
    const waits: (number | undefined)[] = [];
    for (let crash = 0; crash < 6; crash++) waits.push(backOff.crashed());
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, undefined]);
    backOff.reset();
    expect(backOff.crashed()).toBe(500);
    backOff.recovered();
    now += 61_000;
    expect(backOff.crashed()).toBe(500);
    now += 6 * 60_000;
    expect(backOff.crashed()).toBe(1000);
  });

  test.each([
    { random: 0, waits: [400, 800, 1600] },
    { random: 0.75, waits: [550, 1100, 2200] },
    { random: 1, waits: [600, 1200, 2400] },
  ])("waits differ by a fifth at most (random $random)", ({ random, waits }) => {
    const backOff = createBackOff(
      () => 0,
      () => random,
    );
    expect([backOff.crashed(), backOff.crashed(), backOff.crashed()]).toEqual(waits);
  });
});
