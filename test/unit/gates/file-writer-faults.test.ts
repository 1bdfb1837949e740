import { link } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import type { Disk } from "../../../src/server/files/disk.ts";
import type { Accepted } from "../../../src/server/files/file-writer.ts";
import { faultyDisk, systemError, type Fate } from "./faulty-disk.ts";
import { bench, litter, type Bench } from "./writer-fixture.ts";

/** Two results, one after the other, as a server would; acknowledged are those whose `accept` resolved. */
async function scenario(
  at: Bench,
  decide: (index: number, name: string) => Fate,
): Promise<{ acknowledged: string[]; calls: string[] }> {
  const { disk, calls } = faultyDisk(decide);
  const writer = at.open({ disk });
  const acknowledged: string[] = [];
  for (const line of ["one", "two"]) {
    const accepted: Accepted | undefined = await writer
      .accept(at.file, line)
      .catch(() => undefined);
    if (accepted === undefined) continue;
    acknowledged.push(line);
    await accepted.write();
  }
  await writer.close();
  return { acknowledged, calls };
}

/** What must hold after any fault, once a healthy server has started. */
async function expectNothingLost(
  at: Bench,
  acknowledged: readonly string[],
  where: string,
): Promise<void> {
  const before = (await at.read()).split("\n");
  expect(before[0], where).toBe("start");
  const next = at.open();
  await next.recover();
  await next.close();
  const lines = (await at.read()).split("\n");
  expect(lines[0], where).toBe("start");
  for (const line of acknowledged)
    expect(
      lines.filter((one) => one === line),
      where,
    ).toHaveLength(1);
  expect(new Set(lines).size, where).toBe(lines.length);
  expect(
    lines.filter((line) => acknowledged.includes(line)),
    where,
  ).toEqual(acknowledged);
  const again = at.open();
  expect(await again.recover(), where).toMatchObject({ written: 0, unchanged: 0, parked: 0 });
  await again.close();
  expect((await at.read()).split("\n"), where).toEqual(lines);
}

async function callsOfScenario(): Promise<string[]> {
  return (await scenario(await bench(), () => "run")).calls;
}

test(
  "a server that dies at any call loses nothing and writes nothing twice",
  { timeout: 60_000 },
  async () => {
    const calls = await callsOfScenario();
    for (const fate of ["crash-before", "crash-after"] as const) {
      for (const [index, name] of calls.entries()) {
        const at = await bench();
        const { acknowledged } = await scenario(at, (now) => (now === index ? fate : "run"));
        await expectNothingLost(at, acknowledged, `${fate} call ${index} (${name})`);
      }
    }
    console.log(`file writer: ${calls.length * 2} crash points`);
    expect(calls.length).toBeGreaterThan(40);
  },
);

test(
  "an error of any call is survived: nothing is lost, and the next server finishes the work",
  { timeout: 60_000 },
  async () => {
    const calls = await callsOfScenario();
    const codes = ["EIO", "ENOSPC", "ENOENT"];
    for (const code of codes) {
      for (const [index, name] of calls.entries()) {
        const at = await bench();
        const { acknowledged } = await scenario(at, (now) =>
          now === index ? systemError(code) : "run",
        );
        await expectNothingLost(at, acknowledged, `${code} at call ${index} (${name})`);
        expect(await litter(at), `${code} at call ${index} (${name})`).toEqual(
          name === "unlink" ? expect.anything() : [],
        );
        expect(new Set(at.log).size, at.log.join("\n")).toBe(at.log.length);
      }
    }
    console.log(`file writer: ${calls.length * codes.length} error points`);
  },
);

test(
  "a disk that stays broken from any call on costs no acknowledged result",
  { timeout: 60_000 },
  async () => {
    const calls = await callsOfScenario();
    for (const [index, name] of calls.entries()) {
      const at = await bench();
      const { acknowledged } = await scenario(at, (now) =>
        now >= index ? systemError("EIO") : "run",
      );
      await expectNothingLost(at, acknowledged, `EIO from call ${index} (${name}) on`);
    }
    console.log(`file writer: ${calls.length} points from which the disk stays broken`);
  },
);

test("a full disk is told once, and the same server goes on when there is room", async () => {
  const at = await bench();
  let isFull = false;
  const { disk } = faultyDisk((_, name) =>
    isFull && name === "write" ? systemError("ENOSPC") : "run",
  );
  const writer = at.open({ disk });
  const first = await writer.accept(at.file, "one");
  isFull = true;
  expect([await first.write(), await first.write()]).toEqual(["parked", "parked"]);
  await expect(writer.accept(at.file, "never")).rejects.toMatchObject({
    code: "write_failed",
    message: expect.stringContaining("ENOSPC"),
  });
  expect(at.log).toEqual([expect.stringContaining("could not be written (ENOSPC)")]);
  isFull = false;
  const second = await writer.accept(at.file, "two");
  expect(await second.write()).toBe("written");
  expect(await at.read()).toBe("start\none\ntwo\n");
  expect(await first.write()).toBe("unchanged");
  await writer.close();
});

test("short writes are completed", async () => {
  const at = await bench();
  const { disk, calls } = faultyDisk(() => "short");
  const writer = at.open({ disk });
  expect(await (await writer.accept(at.file, "x".repeat(1000))).write()).toBe("written");
  expect(await at.read()).toBe(`start\n${"x".repeat(1000)}\n`);
  expect(calls.filter((name) => name === "write").length).toBeGreaterThan(20);
  await writer.close();
});

test("a failed fsync is never repeated on the same handle", async () => {
  const at = await bench();
  const seen: string[] = [];
  let failures = 2;
  const { disk } = faultyDisk((_, name) => {
    if (name !== "short?") seen.push(name);
    return name === "sync" && seen.includes("chmod") && failures-- > 0 ? systemError("EIO") : "run";
  });
  const writer = at.open({ disk });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
  const handles = seen.filter((name) => name === "chmod").length;
  expect(handles).toBe(3);
  expect(await at.read()).toBe("start\none\n");
  await writer.close();
});

/** A journal of a dead server waits; the file has two names, so that it is written in place. */
async function inherited(): Promise<Bench> {
  const at = await bench();
  await link(at.file, path.join(at.folder, "second name"));
  const writer = at.open();
  await writer.accept(at.file, "one");
  await writer.accept(at.file, "two");
  await writer.close();
  return at;
}

async function recoverOn(
  at: Bench,
  decide: (index: number, name: string) => Fate,
): Promise<string[]> {
  const { disk, calls } = faultyDisk(decide);
  const writer = at.open({ disk });
  await writer.recover().catch(() => {});
  await writer.close();
  return calls;
}

test(
  "a start that fails or dies at any call loses nothing that earlier servers left",
  { timeout: 60_000 },
  async () => {
    const calls = await recoverOn(await inherited(), () => "run");
    const fates: readonly Fate[] = [
      "crash-before",
      "crash-after",
      systemError("EIO"),
      systemError("ENOENT"),
      systemError("ENOSPC"),
    ];
    for (const fate of fates) {
      for (const [index, name] of calls.entries()) {
        const at = await inherited();
        await recoverOn(at, (now) => (now === index ? fate : "run"));
        await expectNothingLost(
          at,
          ["one", "two"],
          `${String(fate)} at call ${index} (${name}) of a start`,
        );
      }
    }
    console.log(`file writer: ${calls.length * fates.length} fault points of a start`);
  },
);

test("a write in place that fails puts the old content back", async () => {
  const at = await inherited();
  let writes = 0;
  const { disk } = faultyDisk((_, name) =>
    name === "truncate" && writes++ === 0 ? systemError("EIO") : "run",
  );
  const writer = at.open({ disk });
  expect(await writer.recover()).toMatchObject({ parked: 1, written: 1 });
  expect(await at.read()).toBe("start\none\ntwo\n");
  await writer.close();

  const full = await inherited();
  const broken = faultyDisk((_, name) => (name === "truncate" ? systemError("EIO") : "run"));
  const second = full.open({ disk: broken.disk });
  expect(await second.recover()).toMatchObject({ parked: 2 });
  await second.close();
  await expectNothingLost(full, ["one", "two"], "in place");
});

test("a disk that takes no more bytes, without saying why, is an error", async () => {
  const at = await bench();
  const { disk } = faultyDisk(() => "run");
  let isStuck = false;
  const stuck: Disk = {
    ...disk,
    open: async (file, flags, mode) => {
      const handle = await disk.open(file, flags, mode);
      const write = async (): Promise<{ bytesWritten: number }> => ({ bytesWritten: 0 });
      return new Proxy(handle, {
        get: (target, key) =>
          isStuck && key === "write" ? write : (Reflect.get(target, key, target) as unknown),
      });
    },
  };
  const writer = at.open({ disk: stuck });
  const accepted = await writer.accept(at.file, "one");
  isStuck = true;
  expect(await accepted.write()).toBe("parked");
  expect(at.log[0]).toContain("nothing more could be written");
  await writer.close();
});

test("directories that cannot be synced are no reason to fail", async () => {
  const at = await bench();
  const { disk } = faultyDisk(() => "run");
  const unsyncable: Disk = {
    ...disk,
    open: async (file, flags, mode) =>
      flags === "r" ? Promise.reject(systemError("EISDIR")) : disk.open(file, flags, mode),
  };
  const writer = at.open({ disk: unsyncable });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
  await writer.close();
});
