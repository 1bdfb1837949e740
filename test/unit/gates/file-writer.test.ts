import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { bench, litter } from "./writer-fixture.ts";
import { createCopies } from "../../../src/server/files/copies.ts";
import { realDisk, type Disk } from "../../../src/server/files/disk.ts";
import { createFileWriter } from "../../../src/server/files/file-writer.ts";
import { createQueues } from "../../../src/server/files/queues.ts";

test("what was accepted is written once, and a second call changes nothing", async () => {
  const at = await bench();
  const writer = at.open();
  const accepted = await writer.accept(at.file, "one");
  expect(await at.read()).toBe("start\n");
  expect([await accepted.write(), await accepted.write()]).toEqual(["written", "unchanged"]);
  expect(await at.read()).toBe("start\none\n");
  const same = await writer.accept(at.file, "one");
  expect(await same.write()).toBe("unchanged");
  await writer.close();
  expect(await litter(at)).toEqual([]);
});

test("byte order mark, line ends, mode bits and final newline stay as they were", async () => {
  const at = await bench("\ufeffstart\r\nend");
  await chmod(at.file, 0o640);
  const writer = at.open();
  await (await writer.accept(at.file, "one")).write();
  expect(await at.read()).toBe("\ufeffstart\r\nend\r\none");
  expect((await stat(at.file)).mode & 0o7777).toBe(0o640);
  await writer.close();
});

test("writes to one file happen in the order of asking, also through a link", async () => {
  const at = await bench();
  const other = path.join(at.folder, "link.md");
  await symlink(at.file, other);
  const writer = at.open();
  const accepted = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      writer.accept(index % 5 === 4 ? other : at.file, `line ${index}`),
    ),
  );
  expect(await Promise.all(accepted.map((one) => one.write()))).toEqual(
    accepted.map(() => "written"),
  );
  const lines = (await at.read()).split("\n").slice(1, -1);
  const named = (remainder: (index: number) => boolean): string[] =>
    accepted
      .map((_, index) => index)
      .filter(remainder)
      .map((index) => `line ${index}`);
  expect(lines.filter((line) => named((index) => index % 5 !== 4).includes(line))).toEqual(
    named((index) => index % 5 !== 4),
  );
  expect(lines.toSorted()).toEqual(named(() => true).toSorted());
  expect((await lstat(other)).isSymbolicLink()).toBe(true);
  await writer.close();
});

test("an entry that the editor has placed is not written", async () => {
  const at = await bench();
  const writer = at.open();
  const accepted = await writer.accept(at.file, "one");
  await accepted.settle();
  await accepted.settle();
  expect(await accepted.write()).toBe("unchanged");
  await writer.close();
  const next = at.open();
  expect(await next.recover()).toEqual({ written: 0, unchanged: 0, parked: 0, held: [] });
  await next.close();
  expect(await at.read()).toBe("start\n");
});

test("what was accepted and not written is replayed once by the next server", async () => {
  const at = await bench();
  const first = at.open();
  await first.accept(at.file, "one");
  await first.accept(at.file, "two");
  await first.close();
  const second = at.open();
  expect(await second.recover()).toMatchObject({ written: 2, unchanged: 0, parked: 0 });
  await second.close();
  const third = at.open();
  expect(await third.recover()).toMatchObject({ written: 0 });
  await third.close();
  expect(await at.read()).toBe("start\none\ntwo\n");
  expect((await readdir(at.state)).filter((name) => name.startsWith("journal"))).toEqual([]);
});

test("entries of open documents wait for the editor", async () => {
  const at = await bench();
  const first = at.open();
  await first.accept(at.file, "one");
  await first.close();
  const second = at.open();
  const { held } = await second.recover((file) => file === at.file);
  expect(held.map((one) => one.file)).toEqual([at.file]);
  expect(await at.read()).toBe("start\n");
  expect(await held[0]?.write()).toBe("written");
  await second.close();
});

test("two servers share a directory, and each journal is taken over by one of them", async () => {
  const at = await bench();
  const [first, second] = [at.open(), at.open()];
  const left = await first.accept(at.file, "one");
  await second.accept(at.file, "two");
  await second.close();
  const [third, fourth] = [at.open(), at.open()];
  const recovered = await Promise.all([third.recover(), fourth.recover()]);
  expect(recovered.map((one) => one.written).toSorted()).toEqual([0, 1]);
  expect(await left.write()).toBe("written");
  expect(await at.read()).toBe("start\ntwo\none\n");
  await Promise.all([first, third, fourth].map((writer) => writer.close()));
});

test("a torn end of a journal is dropped quietly, a damaged record with a sentence, the rest is kept", async () => {
  const at = await bench();
  const first = at.open();
  for (const line of ["one", "two", "three"]) await first.accept(at.file, line);
  await first.close();
  const [name] = (await readdir(at.state)).filter((entry) => entry.startsWith("journal"));
  const journal = path.join(at.state, name ?? "");
  const content = await readFile(journal, "utf8");
  await writeFile(journal, content.replace('"two"', '"TWO"').slice(0, -5));
  const second = at.open();
  expect(await second.recover()).toMatchObject({ written: 1 });
  await second.close();
  expect(await at.read()).toBe("start\none\n");
  expect(at.log).toEqual([expect.stringContaining("1 records")]);
});

test("a journal that has grown is written anew with what is pending", async () => {
  const at = await bench("\n");
  const writer = at.open({ apply: () => undefined });
  const kept = await writer.accept(at.file, "kept");
  for (let round = 0; round < 12; round++)
    await (await writer.accept(at.file, `${round}${"x".repeat(200_000)}`)).settle();
  const [name] = (await readdir(at.state)).filter((entry) => entry.startsWith("journal"));
  expect((await stat(path.join(at.state, name ?? ""))).size).toBeLessThan(1_500_000);
  expect(await kept.write()).toBe("parked");
  await writer.close();
});

test("copies are kept for a day, and only of what was not our own work", async () => {
  const at = await bench();
  let now = 1_800_000_000_000;
  const writer = at.open({ now: () => now });
  const copies = (): Promise<string[]> => readdir(path.join(at.state, "copies"));
  for (const line of ["one", "two", "three"]) await (await writer.accept(at.file, line)).write();
  expect(await copies()).toHaveLength(1);
  await writeFile(at.file, "mine\n");
  await (await writer.accept(at.file, "four")).write();
  expect(await copies()).toHaveLength(2);
  await writeFile(path.join(at.state, "copies", "foreign.txt"), "");
  now += 25 * 60 * 60 * 1000;
  await writer.recover();
  expect(await copies()).toEqual(["foreign.txt"]);
  await writer.close();
});

test("copies together stay below their limit: the oldest go first", async () => {
  const at = await bench();
  let now = 1_800_000_000_000;
  const large: Disk = {
    ...realDisk,
    lstat: async (file, options) =>
      Object.assign(await realDisk.lstat(file, options), { size: 100n * 1024n * 1024n }),
  };
  const copies = createCopies(large, at.state, () => now++);
  const names: string[] = [];
  for (const content of ["a", "b", "c", "d"])
    names.push(await copies.save(at.file, Buffer.from(content)));
  await copies.prune();
  expect((await readdir(at.state)).toSorted()).toEqual(names.slice(2));
  const bytes = Buffer.alloc(65 * 1024 * 1024);
  for (let round = 0; round < 3; round++) await copies.save(at.file, bytes);
  expect((await readdir(at.state)).length).toBeLessThan(4);
  expect(await copies.read("missing")).toBeUndefined();
});

test("an entry without a place is given up after 30 days, with a sentence", async () => {
  const at = await bench("closed");
  let now = 1_800_000_000_000;
  const writer = at.open({ now: () => now });
  const accepted = await writer.accept(at.file, "one");
  expect(await accepted.write()).toBe("parked");
  now += 31 * 24 * 60 * 60 * 1000;
  expect(await writer.recover()).toEqual({ written: 0, unchanged: 0, parked: 0, held: [] });
  expect(at.log.at(-1)).toContain("is dropped");
  expect(await accepted.write()).toBe("unchanged");
  await writer.close();
});

test("after the end nothing is accepted or written, and what was accepted stays for the next start", async () => {
  const at = await bench();
  const writer = at.open();
  const accepted = await writer.accept(at.file, "one");
  await writer.close();
  await writer.close();
  expect(await accepted.write()).toBe("parked");
  await expect(writer.accept(at.file, "two")).rejects.toMatchObject({ code: "server_gone" });
  expect(await at.read()).toBe("start\n");
});

test("temporary files of dead processes go away, everything else stays", async () => {
  const at = await bench();
  const first = at.open();
  await first.accept(at.file, "one");
  await first.close();
  const dead = ".vitrine-2147483646-0123456789abcdef0123.tmp";
  const stays = [
    ".vitrine-1-0123456789abcdef0123.tmp",
    ".vitrine-x-0123456789abcdef0123.tmp",
    ".vitrine-5-short.tmp",
    "vitrine.tmp",
    `${dead}~`,
  ];
  const earlier = `.vitrine-${process.pid}-00000000000000000000.tmp`;
  for (const name of [dead, earlier, ...stays])
    await writeFile(path.join(path.dirname(at.file), name), "");
  const second = at.open();
  await second.recover();
  await second.close();
  expect((await litter(at)).toSorted()).toEqual(stays.toSorted());
});

test("an entry that the editor places while it is being written counts as placed", async () => {
  const at = await bench();
  const writer = at.open({
    apply: (text, line) => {
      void accepted.settle();
      return `${text}${line}\n`;
    },
  });
  const accepted = await writer.accept(at.file, "one");
  expect(await accepted.write()).toBe("written");
  const other = at.open({ apply: () => undefined, wait: async () => waiting.settle() });
  const waiting = await other.accept(at.file, "two");
  expect(await waiting.write()).toBe("unchanged");
  await Promise.all([writer.close(), other.close()]);
});

test("one writer serves many files, and a start in a directory it cannot read says so", async () => {
  const at = await bench();
  const second = path.join(path.dirname(at.file), "second.md");
  await writeFile(second, "");
  const writer = at.open();
  const accepted = await Promise.all(
    [at.file, second, at.file, second].map((file, index) => writer.accept(file, `line ${index}`)),
  );
  expect(await Promise.all(accepted.map((one) => one.write()))).toEqual(
    accepted.map(() => "written"),
  );
  expect([await at.read(), await readFile(second, "utf8")]).toEqual([
    "start\nline 0\nline 2\n",
    "line 1\nline 3\n",
  ]);
  await writer.close();
  const log: string[] = [];
  const disk: Disk = {
    ...realDisk,
    readdir: (folder) =>
      folder.endsWith("copies") ? Promise.reject(new Error("EIO")) : realDisk.readdir(folder),
  };
  const next = at.open({ disk, log: { add: (_, message) => void log.push(message) } });
  await next.recover();
  expect(log).toEqual([expect.stringContaining("could not be removed")]);
  await next.close();
});

test("without other orders a writer waits by the clock", async () => {
  const at = await bench();
  const writer = createFileWriter<string>({
    directory: at.state,
    apply: () => undefined,
    log: { add: () => {} },
  });
  const accepted = await writer.accept(at.file, "one");
  const start = performance.now();
  expect(await accepted.write()).toBe("parked");
  expect(performance.now() - start).toBeGreaterThan(450);
  await writer.close();
});

test("work in a line goes on after a task that failed", async () => {
  const queues = createQueues();
  const failed = queues.run("a", () => Promise.reject(new Error("first")));
  const next = queues.run("a", async () => "second");
  await expect(failed).rejects.toThrow("first");
  expect(await next).toBe("second");
  await queues.idle();
});
