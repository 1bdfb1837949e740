import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { chmod, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { realDisk, type Disk } from "../../../src/server/files/disk.ts";
import type { FileWriter } from "../../../src/server/files/file-writer.ts";
import { addLine, faultyDisk } from "./faulty-disk.ts";
import { bench, type Bench } from "./writer-fixture.ts";

/** A disk on which something happens right after the document was replaced. */
function afterRename(
  at: Bench,
  meddle: (oldFile: Awaited<ReturnType<typeof open>>) => Promise<unknown>,
): Disk {
  let isDone = false;
  return {
    ...realDisk,
    rename: async (from, to) => {
      if (to !== at.file || isDone) return realDisk.rename(from, to);
      isDone = true;
      const oldFile = await open(at.file, "r+");
      await realDisk.rename(from, to);
      await meddle(oldFile);
      await oldFile.close();
    },
  };
}

function loggingWriter(
  at: Bench,
  disk: Disk,
): { promise: Promise<string>; writer: FileWriter<string> } {
  const said = new EventEmitter();
  const promise = once(said, "line").then(([line]) => String(line));
  return {
    promise,
    writer: at.open({ disk, log: { add: (_, message) => void said.emit("line", message) } }),
  };
}

async function copiesOf(at: Bench): Promise<string[]> {
  const folder = path.join(at.state, "copies");
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readFile(path.join(folder, name), "utf8")));
}

test("text that a program writes into the replaced file comes back, with all results since", async () => {
  const at = await bench();
  const disk = afterRename(at, async (oldFile) => {
    await oldFile.truncate();
    await oldFile.write("theirs\n", 0);
  });
  const writer = at.open({ disk });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
  expect(await (await writer.accept(at.file, "two")).write()).toBe("written");
  await writer.close();
  expect(await at.read()).toBe("theirs\none\ntwo\n");
  expect(await copiesOf(at)).toContain("theirs\n");
  expect(at.log).toEqual([expect.stringContaining("both are in the file")]);
});

test("the second look happens by itself, a moment later", async () => {
  const at = await bench();
  const disk = afterRename(at, (oldFile) => oldFile.write("START", 0));
  const { promise, writer } = loggingWriter(at, disk);
  await (await writer.accept(at.file, "one")).write();
  expect(await promise).toContain("at the moment a result was written");
  await writer.close();
  expect(await at.read()).toBe("START\none\n");
});

test("late text does not win over a change that came after it, and is kept in a copy", async () => {
  for (const content of ["newer\none\n", undefined, Buffer.from([0xff])] as const) {
    const at = await bench();
    const disk = afterRename(at, (oldFile) => oldFile.write("START", 0));
    const writer = at.open({ disk });
    await (await writer.accept(at.file, "one")).write();
    if (content === undefined) await chmod(at.file, 0o444);
    else await writeFile(at.file, content);
    await writer.close();
    expect(at.log[0]).toContain("only in the copy");
    expect(await copiesOf(at)).toContain("START\n");
    if (content !== undefined)
      expect((await readFile(at.file)).equals(Buffer.from(content))).toBe(true);
  }
});

test("late bytes that are no text, or meet another change while they come back, stay in the copy", async () => {
  const at = await bench();
  const writer = at.open({
    disk: afterRename(at, (oldFile) => oldFile.write(Buffer.from([0]), 0)),
  });
  await (await writer.accept(at.file, "one")).write();
  await writer.close();
  expect(at.log[0]).toContain("only in the copy");

  const other = await bench();
  const late = afterRename(other, (oldFile) => oldFile.write("START", 0));
  let looks = 0;
  const disk: Disk = {
    ...late,
    lstat: async (file, options) => {
      if (file === other.file && ++looks === 2) await writeFile(file, "newest\n");
      return realDisk.lstat(file, options);
    },
  };
  const second = other.open({ disk });
  await (await second.accept(other.file, "one")).write();
  await second.close();
  expect(await other.read()).toBe("newest\n");
  expect(other.log).toEqual([
    expect.stringContaining("only in the copy"),
    expect.stringContaining("wrote over a result"),
  ]);
});

test("a result that another program wrote over is kept in a copy", async () => {
  const meddle: Record<string, (file: string) => Promise<unknown>> = {
    overwritten: (file) => writeFile(file, "theirs\n"),
    removed: (file) => rm(file),
    "made binary": (file) => writeFile(file, "\0"),
    "made read-only": (file) => chmod(file, 0o444),
  };
  for (const [what, act] of Object.entries(meddle)) {
    const at = await bench();
    const writer = at.open();
    await (await writer.accept(at.file, "one")).write();
    await act(at.file);
    await writer.close();
    expect(await copiesOf(at), what).toContain('"one"');
  }
});

test("a late text without a place for the result comes back, and the result is in a copy", async () => {
  const at = await bench();
  const disk = afterRename(at, (oldFile) => oldFile.write("closed\n", 0));
  const writer = at.open({ disk });
  await (await writer.accept(at.file, "one")).write();
  await Promise.all([writer.close(), writer.close()]);
  expect(await at.read()).toBe("closed\n");
  expect(await copiesOf(at)).toContain('"one"');
});

test("a second look that fails is told and harms nothing", async () => {
  const at = await bench();
  let isBroken = false;
  const { disk } = faultyDisk((_, name) =>
    isBroken && name === "open" ? Object.assign(new Error("EIO"), { code: "EIO" }) : "run",
  );
  const writer = at.open({ disk });
  await (await writer.accept(at.file, "one")).write();
  isBroken = true;
  await writer.close();
  expect(at.log).toEqual([expect.stringContaining("could not be checked")]);
  expect(await at.read()).toBe("start\none\n");
});

const meddler = `
  import { open, rename, writeFile } from "node:fs/promises";
  const [file, until] = [process.argv[1], Date.now() + Number(process.argv[2])];
  for (let version = 0; Date.now() < until; version++) {
    const text = "start\\nversion " + version + "\\n" + "padding\\n".repeat(2000);
    if (version % 3 === 0) { await writeFile(file + ".new", text); await rename(file + ".new", file); }
    else if (version % 3 === 1) await writeFile(file, text);
    else {
      const handle = await open(file, "w");
      for (let at = 0; at < text.length; at += 1000) await handle.write(text.slice(at, at + 1000));
      await handle.close();
    }
    process.stdout.write(version + " " + Date.now() + "\\n");
    await new Promise((resolve) => setTimeout(resolve, version % 10 === 9 ? 60 : 4));
  }
`;

test(
  "beside a program that rewrites the file all the time, every result and its last text are found",
  { timeout: 30_000 },
  async () => {
    const at = await bench();
    const child = spawn(process.execPath, ["--input-type=module", "-e", meddler, at.file, "4000"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said: string[] = [];
    child.stdout.on("data", (data: Buffer) => said.push(data.toString()));
    const ended = once(child, "exit");
    const writer = at.open({ wait: sleep });
    const results: { outcome: string; at: number }[] = [];
    while (child.exitCode === null) {
      const accepted = await writer.accept(at.file, `result ${results.length};`);
      results.push({ outcome: await accepted.write(), at: Date.now() });
    }
    await ended;
    await writer.close();
    const journals = (await readdir(at.state)).filter((name) => name.startsWith("journal"));
    const kept = await Promise.all(
      journals.map((name) => readFile(path.join(at.state, name), "utf8")),
    );
    const found = [await at.read(), ...(await copiesOf(at)), ...kept].join("\n");
    const versions = said
      .join("")
      .trim()
      .split("\n")
      .map((line) => Number(line.split(" ")[1]));
    // A machine under load may stop the other program for so long that its next save is an ordinary later one.
    const isContested = (time: number): boolean =>
      versions.some((version) => version > time && version < time + 200);
    const lost = results.filter(
      (result, index) => isContested(result.at) && !found.includes(`result ${index};`),
    );
    const parked = results.filter((result) => result.outcome === "parked").length;
    console.log(
      `file writer: ${results.length} results (${parked} parked) beside ${versions.length} versions of another program`,
    );
    expect(lost).toEqual([]);
    expect(found).toContain(`version ${versions.length - 1}\n`);
    expect(await at.read()).toContain("padding\n".repeat(2000));
  },
);

test(
  "whatever clients, editors and restarts do, in any order, acknowledged results are in the file once and in order",
  { timeout: 60_000 },
  async () => {
    const act = fc.oneof(
      fc.constant("result"),
      fc.constant("edit"),
      fc.constant("restart"),
      fc.constant("park"),
      fc.constant("editor places"),
      fc.constant("replace"),
      fc.constant("recover"),
    );
    let acts = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 12 }),
        fc.scheduler(),
        async (steps, scheduler) => {
          const at = await bench();
          let writer = at.open();
          const expected: string[] = [];
          let isClosed = false;
          const pending: Promise<unknown>[] = [];
          for (const [index, step] of steps.entries()) {
            acts++;
            const line = `line ${index}`;
            if (step === "result" || step === "editor places") {
              const accepted = await writer.accept(at.file, line);
              expected.push(line);
              if (step === "result")
                pending.push(scheduler.schedule(Promise.resolve()).then(() => accepted.write()));
              else {
                await settle(scheduler, pending);
                await writeFile(at.file, addLine(await at.read(), line) ?? "");
                await accepted.settle();
              }
            } else if (step === "park" && !isClosed) {
              // No place while it is accepted; the next recovery puts it in.
              await writer.accept(at.file, line);
              expected.push(line);
            } else {
              await settle(scheduler, pending);
              if (step === "restart") {
                await writer.close();
                writer = at.open();
                await writer.recover();
              }
              if (step === "recover") await writer.recover();
              if (step === "edit") await writeFile(at.file, `${await at.read()}edit ${index}\n`);
              if (step === "replace") {
                await writeFile(`${at.file}.new`, await at.read());
                await rename(`${at.file}.new`, at.file);
              }
            }
          }
          await settle(scheduler, pending);
          await writer.recover();
          await writer.close();
          isClosed = true;
          const lines = (await at.read()).split("\n").filter((line) => line.startsWith("line"));
          expect(lines.toSorted()).toEqual(expected.toSorted());
          await rm(at.folder, { recursive: true, force: true });
        },
      ),
      { numRuns: 60 },
    );
    console.log(`file writer: ${acts} acts in random orders`);
  },
);

async function settle(scheduler: fc.Scheduler, pending: Promise<unknown>[]): Promise<void> {
  await scheduler.waitAll();
  await Promise.all(pending.splice(0));
}
