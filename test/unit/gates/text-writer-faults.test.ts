/** Every call of the write procedure may fail, or be the last one of the process (19.3, 23.4, D-08 to D-10). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { realDisk, type Disk } from "../../../src/server/files/disk.ts";
import { sweepTemporaries } from "../../../src/server/files/temporaries.ts";
import { createTextWriter } from "../../../src/server/files/text-writer.ts";
import { faultyDisk, systemError, type Fate } from "./faulty-disk.ts";
import { powerDisk } from "./power-disk.ts";
import { adding, textBench, type TextBench } from "./text-fixture.ts";

/** Two changes, one after the other; acknowledged are those whose promise resolved. */
async function scenario(
  at: TextBench,
  decide: (index: number, name: string) => Fate,
): Promise<{ acknowledged: string[]; refused: string[]; calls: string[] }> {
  const { disk, calls } = faultyDisk(decide);
  const writer = at.open({ disk });
  const acknowledged: string[] = [];
  const refused: string[] = [];
  for (const line of ["one", "two"])
    await writer.change(at.file, adding(line)).then(
      () => acknowledged.push(line),
      () => refused.push(line),
    );
  await writer.close();
  return { acknowledged, refused, calls };
}

/** Old or new, never torn, every acknowledged line once; and the next server goes on. */
async function expectWhole(
  at: TextBench,
  start: string | null,
  { acknowledged, where }: { acknowledged: readonly string[]; where: string },
): Promise<void> {
  const found = await at.read().catch(() => null);
  const begin = start ?? "";
  const possible = [start, `${begin}one\n`, `${begin}two\n`, `${begin}one\ntwo\n`];
  expect(possible, where).toContain(found);
  for (const line of acknowledged) expect(found?.split("\n"), where).toContain(line);
  await sweepTemporaries(realDisk, [path.dirname(at.file)]);
  const next = at.open();
  await next.change(at.file, adding("three"));
  await next.close();
  expect(await at.read(), where).toBe(`${found ?? ""}three\n`);
}

for (const [what, start] of [
  ["an old file", "start\n"],
  ["a new file", null],
] as const) {
  test(
    `${what}: a process that dies at any call leaves it old or new`,
    { timeout: 60_000 },
    async () => {
      const { calls } = await scenario(await textBench(start), () => "run");
      for (const fate of ["crash-before", "crash-after"] as const)
        for (const [index, name] of calls.entries()) {
          const at = await textBench(start);
          const { acknowledged } = await scenario(at, (now) => (now === index ? fate : "run"));
          await expectWhole(at, start, { acknowledged, where: `${fate} ${index} (${name})` });
        }
      console.log(`text writer, ${what}: ${calls.length * 2} crash points`);
      expect(calls.length).toBeGreaterThan(25);
    },
  );

  test(`${what}: an error of any call is told, or harmless`, { timeout: 60_000 }, async () => {
    const { calls } = await scenario(await textBench(start), () => "run");
    const codes = ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EMFILE", "EINTR", "ENOENT"];
    for (const code of codes)
      for (const [index, name] of calls.entries()) {
        const at = await textBench(start);
        const { acknowledged, refused } = await scenario(at, (now) =>
          now === index ? systemError(code) : "run",
        );
        const where = `${code} at ${index} (${name})`;
        const lines = ((await at.read().catch(() => "")) || "").split("\n");
        // What was refused is not done: whoever asks again must not find it there.
        for (const line of refused) expect(lines, where).not.toContain(line);
        await expectWhole(at, start, { acknowledged, where });
        if (name !== "unlink") expect(await at.litter(), where).toEqual([]);
      }
    console.log(`text writer, ${what}: ${calls.length * codes.length} error points`);
  });

  test(`${what}: a disk that stays broken from any call on`, { timeout: 60_000 }, async () => {
    const { calls } = await scenario(await textBench(start), () => "run");
    for (const [index, name] of calls.entries()) {
      const at = await textBench(start);
      const { acknowledged } = await scenario(at, (now) =>
        now >= index ? systemError("EIO") : "run",
      );
      await expectWhole(at, start, { acknowledged, where: `EIO from ${index} (${name}) on` });
    }
  });
}

test("a server that is killed at any call leaves a whole file", { timeout: 120_000 }, async () => {
  const child = path.join(import.meta.dirname, "text-kill-child.ts");
  const run = async (at: TextBench, point: number): Promise<string[]> => {
    const started = spawn(process.execPath, [child, at.file, String(point)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await Promise.all([text(started.stdout), once(started, "exit")]);
    return said.split("\n").filter((line) => line !== "");
  };
  const count = Number((await run(await textBench(), -1)).at(-1)?.split(" ")[1]);
  expect(count).toBeGreaterThan(25);
  let points = 0;
  for (let point = 1; point < count; point += 5) {
    const at = await textBench();
    const said = await run(at, point);
    const acknowledged = ["one", "two"].filter((line) => said.includes(line));
    await expectWhole(at, "start\n", { acknowledged, where: `killed at ${point}` });
    expect(await at.litter()).toEqual([]);
    points++;
  }
  console.log(`text writer: killed at ${points} of ${count} calls`);
});

test("a power loss at any call keeps what was acknowledged, and never tears", async () => {
  const file = "/root/daebug/log.md";
  const live = async (
    acts: readonly ("write" | "passing" | "save")[],
    point: number,
    keep: () => boolean,
  ): Promise<number> => {
    const memory = powerDisk();
    memory.save(file, "start\n");
    const { disk, calls } = faultyDisk((now) => (now === point ? "crash-before" : "run"), {
      ...memory.disk,
      realpath: async (name) => name,
    });
    const writer = createTextWriter({ root: "/root", disk, platform: "linux", late: () => {} });
    const texts = ["start\n"];
    let known = "start\n";
    for (const [index, act] of acts.entries()) {
      if (calls.length > point) break;
      if (act === "save") {
        memory.save(file, `${memory.text(file)}save ${index}\n`);
        known = memory.text(file);
        texts.push(known);
        continue;
      }
      const line = `${act} ${index}`;
      const isPassing = act === "passing";
      const done = await writer
        .change(file, (found) => (texts.push(`${found}${line}\n`), texts.at(-1)), { isPassing })
        .catch(() => undefined);
      // A process that is dead by now has told nobody.
      if (done !== undefined && !isPassing && calls.length <= point) known = done;
    }
    memory.losePower(keep);
    const found = memory.text(file);
    expect(texts).toContain(found);
    // Everything acknowledged survives; a passing change may.
    expect(found.startsWith(known), `${JSON.stringify(found)} after ${known}`).toBe(true);
    return calls.length;
  };
  const act = fc.constantFrom("write", "passing", "save");
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 80 }),
      fc.infiniteStream(fc.boolean()),
      async (acts, point, bits) => {
        await live(acts, point, () => bits.next().value ?? false);
      },
    ),
    { numRuns: 1500 },
  );
});

test("a directory that cannot be synced is told once, and the change is done", async () => {
  const at = await textBench();
  const { disk } = faultyDisk(() => "run");
  const unsyncable: Disk = {
    ...disk,
    open: async (file, flags, mode) =>
      flags === "r" ? Promise.reject(systemError("EIO")) : disk.open(file, flags, mode),
  };
  const writer = at.open({ disk: unsyncable });
  expect(await writer.change(at.file, adding("one"))).toBe("start\none\n");
  await writer.close();
  expect(at.warnings).toEqual([expect.stringContaining("power loss")]);
  expect(await at.read()).toBe("start\none\n");
});
