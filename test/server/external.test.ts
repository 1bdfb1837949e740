/** Servers that other programs announce by a `.devinfo` (dev-servers section 6; scenarios 10 and 11). */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { removeDevInfoFile } from "../../src/server/dev-servers/external/dev-info-file.ts";
import { processStart } from "../../src/server/processes.ts";
import { isAlive } from "../support/alive.ts";
import { eventually } from "../support/eventually.ts";
import { deadPid, devInfo, useExternals, writeAtomically } from "../support/externals.ts";
import { startExternalServer, type ExternalServer } from "../support/external-server.ts";

async function externalServer(): Promise<ExternalServer> {
  const server = await startExternalServer();
  onTestFinished(() => server.kill());
  return server;
}

describe("10: files", () => {
  test("10: a file with a live process attaches, with what it says and what answers", async () => {
    const { changed, write, externals } = await useExternals();
    const server = await externalServer();
    const { pid, addr, vitePort } = server;
    await write("my-plugin", { pid, addr, vitePort, pluginId: "my-plugin", extra: { kept: true } });
    expect(await changed(1)).toMatchObject({
      pluginID: "my-plugin",
      mode: "external",
      vitePort,
      viteURL: `http://127.0.0.1:${vitePort}`,
      viteStatus: "ready",
      goStatus: "ready",
      grpcConnected: true,
      aggregate: "ready",
      lastError: "",
    });
    expect(externals.info("my-plugin")).toMatchObject({
      protocol: "grpc",
      protocolVersion: 1,
      extra: { kept: true },
    });
    expect(externals.info("another")).toBeNull();
  });

  test("10: one with this very process attaches, one removed or renamed away detaches", async () => {
    const { changed, detached, write, externals } = await useExternals();
    const file = await write("one", devInfo());
    expect(await changed(1)).toMatchObject({
      viteStatus: "idle",
      viteURL: "",
      backendStatus: "running",
      grpcConnected: false,
      aggregate: "connecting",
    });
    await rm(file);
    expect(await detached(1)).toMatchObject({ id: "one", reason: "removed" });
    await write("one", devInfo());
    await changed(2);
    await rename(file, `${file}.old`);
    expect(await detached(2)).toMatchObject({ id: "one", reason: "removed" });
    expect(externals.list()).toEqual([]);
  });

  test("10: a dead process is ignored and its file removed", async () => {
    const { write, told, rejected } = await useExternals();
    const file = await write("dead", devInfo({ pid: deadPid }));
    await eventually("the file to go", () => !existsSync(file));
    await write("bad", "no json");
    await rejected(1);
    expect(told.filter(({ what }) => what !== "rejected")).toEqual([]);
  });

  test("10: two files before the start are two attachments, told when the start is done", async () => {
    const { told } = await useExternals({}, async (top) => {
      for (const id of ["one", "two"])
        await writeAtomically(
          path.join(top, "state/plugins", id, ".devinfo"),
          JSON.stringify(devInfo()),
        );
    });
    expect(told.map((one) => one.what === "changed" && one.part.pluginID)).toEqual(
      expect.arrayContaining(["one", "two"]),
    );
    expect(told).toHaveLength(2);
  });

  test("10: folders that come later are watched, also when they go and come again", async () => {
    const roots: string[] = [];
    const { top, changed, detached, told } = await useExternals(
      { projects: () => roots.map((root) => ({ id: path.basename(root), root })) },
      async (at) => void roots.push(path.join(at, "later"), path.join(at, "deep/er/still")),
    );
    expect(told).toEqual([]);
    for (const [index, root] of roots.entries()) {
      await writeAtomically(path.join(root, ".devinfo"), JSON.stringify(devInfo()));
      expect((await changed(1 + index)).devPath).toBe(root);
    }
    await rm(path.join(top, "later"), { recursive: true });
    expect(await detached(1)).toMatchObject({ id: "later", reason: "removed" });
    await rm(path.join(top, "deep"), { recursive: true });
    expect(await detached(2)).toMatchObject({ id: "still", reason: "removed" });
    for (const [index, root] of roots.entries()) {
      await writeAtomically(path.join(root, ".devinfo"), JSON.stringify(devInfo()));
      expect((await changed(3 + index)).devPath).toBe(root);
    }
  });

  test("10: an id that is not that of the folder is ignored", async () => {
    const { write, rejected, told } = await useExternals();
    await write("right", devInfo({ pluginId: "wrong" }));
    expect((await rejected(1)).message).toBe(
      'The .devinfo was not accepted: pluginId is "wrong" where "right" belongs; correct it, or move the file to its own project',
    );
    expect(told).toHaveLength(1);
  });

  test("10: the smallest file gets defaults", async () => {
    const { write, changed } = await useExternals();
    await write("small", `{"pid":${process.pid},"addr":"127.0.0.1:42367"}`);
    expect((await changed(1)).external).toEqual({
      pid: process.pid,
      addr: "127.0.0.1:42367",
      protocol: "grpc",
      protocolVersion: 1,
      vitePort: 0,
    });
  });

  test("10: half a file is read again, and nothing is said about it", async () => {
    const { fileOf, changed, told } = await useExternals();
    const file = fileOf("torn");
    await mkdir(path.dirname(file), { recursive: true });
    const whole = JSON.stringify(devInfo());
    await writeFile(file, whole.slice(0, 10));
    // Longer than the rest of 50 ms, so that the half is what is read first; shorter than the second look.
    await eventually("the half to be on disk", async () => (await readFile(file)).length === 10);
    setTimeout(() => void writeFile(file, whole), 100);
    expect((await changed(1)).pluginID).toBe("torn");
    expect(told).toHaveLength(1);
  });
});

describe("11: life", () => {
  test("11: a killed process is detached within 6 s, with the real interval, and its file removed", async () => {
    const { write, changed, detached } = await useExternals({ healthMs: 5000 });
    const server = await externalServer();
    const file = await write("one", { pid: server.pid, addr: server.addr });
    await changed(1);
    const at = performance.now();
    await server.kill();
    expect(await detached(1, 6000)).toMatchObject({ id: "one", reason: "dead" });
    expect(performance.now() - at).toBeLessThan(6000);
    expect(existsSync(file)).toBe(false);
  });

  test("11: detach and stop leave the process alone; a detach lasts until the file changes", async () => {
    const { write, changed, detached, externals, told } = await useExternals();
    const server = await externalServer();
    const { pid, addr } = server;
    await write("one", { pid, addr });
    await changed(1);
    expect(await externals.detach("one")).toBe(true);
    expect(await externals.detach("one")).toBe(false);
    expect(await detached(1)).toMatchObject({ reason: "asked" });
    await write("one", { pid, addr });
    await write("other", devInfo());
    await changed(2);
    expect(externals.info("one")).toBeNull();
    await write("one", { pid, addr, version: "2" });
    await changed(3);
    expect(externals.info("one")).toMatchObject({ version: "2" });
    externals.stop();
    expect(server.alive()).toBe(true);
    const count = told.length;
    await write("one", { pid, addr, version: "3" });
    await write("two", devInfo());
    externals.stop();
    expect(told).toHaveLength(count);
    expect(told.slice(-2).map((one) => one.what === "detached" && one.reason)).toEqual([
      "stopped",
      "stopped",
    ]);
  });

  test("11: a new process in the file is attached in place of the old, one event for each", async () => {
    const { write, changed, told } = await useExternals();
    const [first, second] = [await externalServer(), await externalServer()];
    await write("one", { pid: first.pid, addr: first.addr });
    await changed(1);
    await write("one", { pid: second.pid, addr: second.addr });
    expect((await changed(2)).external).toMatchObject({ pid: second.pid, addr: second.addr });
    expect(told.map(({ what }) => what)).toEqual(["changed", "detached", "changed"]);
    expect(first.alive()).toBe(true);
  });

  test("11: a zombie counts as dead", async () => {
    // The shell turns into a program that never asks how its child ended.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 1000"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
    await eventually("the child to be a zombie", () => !isAlive(pid));
    expect(() => process.kill(pid, 0)).not.toThrow();
    const { write, told, rejected } = await useExternals();
    const file = await write("zombie", devInfo({ pid }));
    await eventually("the file to go", () => !existsSync(file));
    await write("bad", "no json");
    await rejected(1);
    expect(told).toHaveLength(1);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "11: a process of another user counts as alive, though it may not be signalled (needs root)",
    async () => {
      const program = `
        const { lifeOf } = await import(process.argv[1]);
        process.setuid(65534);
        try { process.kill(1, 0); console.log("may"); } catch (error) { console.log(error.code); }
        console.log((await lifeOf(1)).alive, (await lifeOf(1, "another start")).alive);`;
      const source = pathToFileURL(path.resolve("src/server/processes.ts")).href;
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, source], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      expect(await text(child.stdout)).toBe("EPERM\ntrue false\n");
    },
  );

  test("11: a file is removed only while it is the one that was judged", async () => {
    const { write } = await useExternals({ stateDirectories: () => [] });
    const file = await write("one", "new");
    await removeDevInfoFile(file, "old");
    expect(await readFile(file, "utf8")).toBe("new");
    await removeDevInfoFile(file, "new");
    expect(await readdir(path.dirname(file))).toEqual([]);
    await removeDevInfoFile(file, "new");
  });

  test("11: another process with the same number is not the one that was meant", async () => {
    const { write, changed } = await useExternals();
    const start = (await processStart(process.pid)) ?? "";
    const file = await write("other", devInfo({ procStart: `${start}0` }));
    await eventually("the file to go", () => !existsSync(file));
    await write("same", devInfo({ procStart: start }));
    expect((await changed(1)).pluginID).toBe("same");
  });

  test("two missed connections make it connecting, three missed probes an error; each returns", async () => {
    const { write, changed, told } = await useExternals();
    const server = await externalServer();
    const { pid, addr, vitePort } = server;
    await write("one", { pid, addr, vitePort });
    await changed(1);
    await server.tell("backend off");
    expect(await changed(2)).toMatchObject({ aggregate: "connecting", grpcConnected: false });
    await server.tell("backend on");
    expect(await changed(3)).toMatchObject({ aggregate: "ready", grpcConnected: true });
    await server.tell("ui off");
    expect(await changed(4)).toMatchObject({
      aggregate: "error",
      viteStatus: "error",
      viteURL: "",
      lastError: `http://127.0.0.1:${vitePort}/ no longer answers; look at its own terminal`,
    });
    await server.tell("ui on");
    expect(await changed(5)).toMatchObject({ aggregate: "ready", lastError: "" });
    expect(told).toHaveLength(5);
  });

  test("a UI that does not answer yet is running, and ready when it does", async () => {
    const { write, changed } = await useExternals();
    const server = await externalServer();
    await server.tell("ui off");
    await write("one", { pid: server.pid, vitePort: server.vitePort });
    expect(await changed(1)).toMatchObject({
      viteStatus: "running",
      hasBackend: false,
      aggregate: "ready",
      viteURL: `http://127.0.0.1:${server.vitePort}`,
    });
    await server.tell("ui on");
    expect(await changed(2)).toMatchObject({ viteStatus: "ready" });
  });
});

describe("who may attach", () => {
  test("what the manager refuses is not asked again until the file changes", async () => {
    const asked: (string | undefined)[] = [];
    const { write, changed, externals } = await useExternals({
      mayAttach: (id, { version }) => {
        asked.push(`${id} ${version}`);
        return version === "2";
      },
    });
    await write("one", devInfo({ version: "1" }));
    await eventually("the question", () => asked.length === 1);
    await externals.refresh();
    expect(externals.list()).toEqual([]);
    await write("one", devInfo({ version: "2" }));
    await changed(1);
    expect(asked).toEqual(["one 1", "one 2"]);
  });

  test("a file that changes while the question is open is asked about anew", async () => {
    const answers: ((answer: boolean) => void)[] = [];
    const { write, changed, told } = await useExternals({
      mayAttach: () => new Promise((resolve) => answers.push(resolve)),
    });
    await write("one", devInfo({ version: "1" }));
    await eventually("the question", () => answers.length === 1);
    await write("one", devInfo({ version: "2" }));
    answers[0]?.(true);
    await eventually("the second question", () => answers.length === 2);
    answers[1]?.(true);
    expect((await changed(1)).external).toMatchObject({ version: "2" });
    expect(told).toHaveLength(1);
  });

  test("while a question is open the start ends, and an explicit attach does not wait", async () => {
    const answers: ((answer: boolean) => void)[] = [];
    const { externals, told, fileOf } = await useExternals(
      { mayAttach: () => new Promise((resolve) => answers.push(resolve)) },
      async (top) =>
        writeAtomically(path.join(top, "state/plugins/one/.devinfo"), JSON.stringify(devInfo())),
    );
    expect([answers.length, told.length]).toEqual([1, 0]);
    expect(await externals.attach("one")).toMatchObject({ pluginID: "one", mode: "external" });
    await externals.detach("one");
    await rm(fileOf("one"));
    await externals.refresh();
    answers[0]?.(true);
    await externals.refresh();
    expect(told.map(({ what }) => what)).toEqual(["changed", "detached"]);
  });

  test("a state directory may be a link; folders in it may not", async () => {
    const { top, state, changed, write } = await useExternals({}, async (at) => {
      await mkdir(path.join(at, "elsewhere"));
      await symlink("elsewhere", path.join(at, "state"));
    });
    await mkdir(path.join(top, "outside"));
    await mkdir(path.join(state, "plugins"));
    await symlink("../../outside", path.join(state, "plugins/linked"));
    await writeAtomically(path.join(top, "outside/.devinfo"), JSON.stringify(devInfo()));
    await write("plain", devInfo());
    expect((await changed(1)).pluginID).toBe("plain");
  });

  test("an explicit attach takes any file, and says why one is not taken", async () => {
    const { top, externals, changed, detached } = await useExternals({
      mayAttach: () => false,
      projects: () => [{ id: "shop-1a2b3c", root: "/nowhere/shop" }],
    });
    const file = path.join(top, "elsewhere", "server.json");
    await expect(externals.attach("shop-1a2b3c")).rejects.toMatchObject({ code: "not_found" });
    await expect(externals.attach("unknown")).rejects.toMatchObject({ code: "not_found" });
    await expect(externals.attach("shop-1a2b3c", file)).rejects.toMatchObject({
      code: "not_found",
    });
    await writeAtomically(file, "{");
    await expect(externals.attach("shop-1a2b3c", file)).rejects.toMatchObject({
      code: "invalid_devinfo",
    });
    await writeAtomically(file, JSON.stringify(devInfo({ pid: deadPid })));
    await expect(externals.attach("shop-1a2b3c", file)).rejects.toMatchObject({ code: "dead_pid" });
    expect(existsSync(file)).toBe(false);
    await writeAtomically(file, JSON.stringify(devInfo({ pluginId: "shop" })));
    expect(await externals.attach("shop-1a2b3c", file)).toMatchObject({
      pluginID: "shop-1a2b3c",
      devPath: "/nowhere/shop",
    });
    await changed(1);
    await rm(file);
    expect(await detached(1)).toMatchObject({ reason: "removed" });
  });

  test("of two files of a project the first one is attached, the other when that goes", async () => {
    const roots: string[] = [];
    const { state, told, write, changed, detached, externals } = await useExternals(
      { projects: () => roots.map((root) => ({ id: "shop", root })) },
      async (top) => {
        roots.push(path.join(top, "shop"));
        await writeAtomically(
          path.join(top, "shop/.devinfo"),
          JSON.stringify(devInfo({ version: "root" })),
        );
      },
    );
    expect(externals.info("shop")).toMatchObject({ version: "root" });
    await write("shop", devInfo({ version: "state" }));
    await write("marker", devInfo());
    await changed(2);
    expect(externals.info("shop")).toMatchObject({ version: "root" });
    await rm(path.join(state, "../shop/.devinfo"));
    await detached(1);
    await changed(3);
    expect(externals.info("shop")).toMatchObject({ version: "state" });
    expect(told).toHaveLength(4);
  });

  test("globs find files of any name, and nothing below node_modules", async () => {
    const tops: string[] = [];
    const { top, changed, told } = await useExternals(
      { globs: () => [`${tops[0]}/apps/**/*.devinfo`] },
      async (at) => {
        tops.push(at);
        for (const folder of ["a", "b/c", "node_modules/d"])
          await writeAtomically(
            path.join(at, "apps", folder, "dev.devinfo"),
            JSON.stringify(devInfo()),
          );
      },
    );
    expect(told.map((one) => one.what === "changed" && one.part.pluginID).toSorted()).toEqual([
      "a",
      "c",
    ]);
    await writeAtomically(path.join(top, "apps/e/f/x.devinfo"), JSON.stringify(devInfo()));
    expect((await changed(3)).pluginID).toBe("f");
  });
});

describe("bad files", () => {
  test("whatever stands under the name, nothing attaches, nothing hangs, and the next file is served", async () => {
    const { write, fileOf, rejected, changed, told } = await useExternals();
    const folder = async (id: string): Promise<string> => {
      await mkdir(path.dirname(fileOf(id)), { recursive: true });
      return fileOf(id);
    };
    await mkdir(await folder("folder"));
    await symlink(".devinfo", await folder("loop"));
    await symlink("/dev/zero", await folder("zero"));
    await symlink("..", path.join(path.dirname(await folder("inner")), "way"));
    await writeFile(await folder("large"), Buffer.alloc(10 * 1024 * 1024, "x"));
    const pipe = spawn("mkfifo", [await folder("pipe")]);
    await new Promise((resolve) => pipe.once("exit", resolve));
    await write("good", devInfo());
    expect((await changed(1)).pluginID).toBe("good");
    await rejected(5);
    const messages = told.map((one) =>
      one.what === "rejected" ? `${path.basename(path.dirname(one.file))}: ${one.message}` : "",
    );
    expect(messages.toSorted()).toEqual([
      "",
      "folder: The .devinfo was not accepted: it is no ordinary file; write a text file",
      "large: The .devinfo was not accepted: it is larger than 65536 bytes; write only the documented fields",
      "loop: The .devinfo was not accepted: it cannot be opened (ELOOP); make it an ordinary file of yours",
      "pipe: The .devinfo was not accepted: it is no ordinary file; write a text file",
      "zero: The .devinfo was not accepted: it cannot be opened (ELOOP); make it an ordinary file of yours",
    ]);
  });
});
