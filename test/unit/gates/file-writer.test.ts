import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { isMixture } from "../../../src/server/files/place-entry.ts";
import { faultyDisk, systemError } from "./faulty-disk.ts";
import { bench, litter } from "./writer-fixture.ts";

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

const odd: readonly (readonly [what: string, content: Uint8Array, reason: string])[] = [
  ["is not UTF-8", Buffer.from([0x61, 0xff, 0x0a]), "is not UTF-8 text"],
  ["is UTF-16", Buffer.from("\ufeffabc", "utf16le"), "is not UTF-8 text"],
  ["has NUL bytes", Buffer.from("a\0b"), "is not UTF-8 text"],
  ["is too large", Buffer.alloc(20 * 1024 * 1024 + 1, "a"), "is larger than 20 MiB"],
  ["would grow too large", Buffer.alloc(20 * 1024 * 1024 - 1, "a"), "would grow beyond 20 MiB"],
  ["is text without a place", Buffer.from("closed"), "has no place for it any more"],
];

test.each(odd)(
  "a file that %s is never changed, and the result is kept",
  async (_, content, reason) => {
    const at = await bench(content);
    const writer = at.open();
    const accepted = await writer.accept(at.file, "one");
    expect([await accepted.write(), await accepted.write()]).toEqual(["parked", "parked"]);
    expect(Buffer.compare(await readFile(at.file), content)).toBe(0);
    expect(at.log).toEqual([expect.stringContaining(reason)]);
    await writer.close();
    await writeFile(at.file, "start\n");
    const next = at.open();
    expect(await next.recover()).toMatchObject({ written: 1 });
    await next.close();
  },
);

test("a file that is read-only, gone or a folder is not touched, and the result is kept", async () => {
  const at = await bench();
  const writer = at.open();
  const accepted = await writer.accept(at.file, "one");
  await chmod(at.file, 0o444);
  expect(await accepted.write()).toBe("parked");
  await rm(at.file);
  expect(await accepted.write()).toBe("parked");
  await mkdir(at.file);
  expect(await accepted.write()).toBe("parked");
  expect(at.log.map((line) => /the file (.*?)\./.exec(line)?.[1])).toEqual([
    "is read-only",
    "is gone",
    "is not a regular file",
  ]);
  await rm(at.file, { recursive: true });
  await writeFile(at.file, "back\n");
  expect(await accepted.write()).toBe("written");
  await writer.close();
});

test("an empty file is believed only when it stays so, because programs empty a file before they save it", async () => {
  const at = await bench("");
  const waits: number[] = [];
  const writer = at.open({
    wait: async (ms) => {
      waits.push(ms);
      if (waits.length === 2) await writeFile(at.file, "saved\n");
    },
  });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
  expect(await at.read()).toBe("saved\none\n");
  await writeFile(at.file, "");
  expect(await (await writer.accept(at.file, "two")).write()).toBe("written");
  expect(await at.read()).toBe("two\n");
  expect(waits.slice(2).reduce((sum, ms) => sum + ms, 0)).toBe(500);
  await writer.close();
});

test("an apply that throws parks the entry and harms nothing", async () => {
  const at = await bench();
  const writer = at.open({
    apply: () => {
      throw new Error("broken");
    },
  });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("parked");
  expect(at.log[0]).toContain("broken");
  await writer.close();
});

test("a file with two names keeps both, with the old content in the copies", async () => {
  const at = await bench();
  const other = path.join(at.folder, "other.md");
  await link(at.file, other);
  const writer = at.open();
  expect(await (await writer.accept(at.file, "a longer line")).write()).toBe("written");
  expect(await readFile(other, "utf8")).toBe("start\na longer line\n");
  const copies = await Promise.all(
    (await readdir(path.join(at.state, "copies"))).map((name) =>
      readFile(path.join(at.state, "copies", name), "utf8"),
    ),
  );
  expect(copies.toSorted()).toEqual(["start\n", "start\na longer line\n"]);
  await writer.close();
});

test("a torn file is told from one that somebody changed", () => {
  const [old, next] = ["abcdef", "xyz"].map((text) => Buffer.from(text)) as [Buffer, Buffer];
  const torn = ["abcdef", "xbcdef", "xyzdef", "xyz", "ayzd"];
  const changed = ["ab", "abcdefg", "qbcdef", "xyzq"];
  expect(torn.map((text) => isMixture(Buffer.from(text), old, next))).toEqual(torn.map(() => true));
  expect(changed.map((text) => isMixture(Buffer.from(text), old, next))).toEqual(
    changed.map(() => false),
  );
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

test("copies together stay below their limit", async () => {
  const at = await bench();
  const writer = at.open();
  const large = Buffer.alloc(19 * 1024 * 1024, "a");
  for (let round = 0; round < 18; round++) {
    await writeFile(at.file, Buffer.concat([Buffer.from(`${round}\n`), large, Buffer.from("\n")]));
    expect(await (await writer.accept(at.file, `line ${round}`)).write()).toBe("written");
  }
  await writer.recover();
  expect((await readdir(path.join(at.state, "copies"))).length).toBeLessThan(14);
  await writer.close();
}, 60_000);

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

test("a rename that Windows refuses for a moment is tried again for two seconds", async () => {
  const at = await bench();
  let refusals = 3;
  const waits: number[] = [];
  const { disk } = faultyDisk((_, name) =>
    name === "rename" && waits.length >= 0 && refusals-- > 0 ? systemError("EBUSY") : "run",
  );
  const healthy = at.open();
  await healthy.accept(at.file, "one");
  await healthy.close();
  refusals = 0;
  const writer = at.open({ disk, platform: "win32", wait: async (ms) => void waits.push(ms) });
  const accepted = await writer.accept(at.file, "two");
  refusals = 3;
  expect(await accepted.write()).toBe("written");
  expect(waits).toEqual([10, 20, 50]);
  waits.length = 0;
  refusals = 100;
  const never = await writer.accept(at.file, "three");
  expect(await never.write()).toBe("parked");
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(2000);
  expect(await litter(at)).toEqual([]);
  await writer.close();
});

test("a file of another owner is written in place", async () => {
  const at = await bench();
  const foreign = await stat(at.file, { bigint: true });
  const { disk } = faultyDisk(() => "run");
  const writer = at.open({
    disk: {
      ...disk,
      open: async (file, flags, mode) => {
        const handle = await disk.open(file, flags, mode);
        if (flags !== "wx" || !file.includes(".vitrine-") || !file.includes("work")) return handle;
        return new Proxy(handle, {
          get: (target, key) =>
            key === "stat"
              ? async () => ({ ...foreign, uid: 12345n })
              : (Reflect.get(target, key, target) as unknown),
        });
      },
    },
  });
  const { ino } = await stat(at.file);
  expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
  expect((await stat(at.file)).ino).toBe(ino);
  expect(await litter(at)).toEqual([]);
  await writer.close();
});

test("a file that another program replaces, rewrites or touches at the last moment is taken anew", async () => {
  const changes: Record<string, (file: string) => Promise<void>> = {
    "replaced by rename": async (file) => {
      await writeFile(`${file}.new`, "theirs\n");
      await rename(`${file}.new`, file);
    },
    rewritten: (file) => writeFile(file, "theirs\n"),
    "rewritten with the same length": (file) => writeFile(file, "stern\n"),
    touched: (file) => utimes(file, new Date(), new Date(1_800_000_000_000)),
    removed: (file) => rm(file),
  };
  for (const [what, change] of Object.entries(changes)) {
    const at = await bench();
    let isDone = false;
    const { disk } = faultyDisk(() => "run");
    const meddling = {
      ...disk,
      lstat: async (file: string, options: { bigint: true }) => {
        if (file === at.file && !isDone) {
          isDone = true;
          await change(file);
        }
        return disk.lstat(file, options);
      },
    };
    const writer = at.open({ disk: meddling });
    const outcome = await (await writer.accept(at.file, "one")).write();
    expect(isDone).toBe(true);
    if (what === "removed") expect(outcome).toBe("parked");
    else expect((await at.read()).split("\n").slice(-2), what).toEqual(["one", ""]);
    if (what.startsWith("re") && what !== "removed")
      expect(await at.read(), what).not.toContain("start");
    await writer.close();
  }
});

test("a program that writes at every try wins, and the result waits", async () => {
  const at = await bench();
  const { disk } = faultyDisk(() => "run");
  let round = 0;
  const meddling = {
    ...disk,
    lstat: async (file: string, options: { bigint: true }) => {
      if (file === at.file) await writeFile(file, `theirs ${round++}\n`);
      return disk.lstat(file, options);
    },
  };
  const writer = at.open({ disk: meddling });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("parked");
  expect(round).toBe(5);
  expect(at.log).toEqual([expect.stringContaining("was changed by another program at every try")]);
  expect(await at.read()).toBe("theirs 4\n");
  await writer.close();
});
