/** Changing a text beside programs that change it, too (REPL specification 19.3). */
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { createCopies } from "../../../src/server/files/copies.ts";
import { realDisk, type Disk } from "../../../src/server/files/disk.ts";
import { faultyDisk, systemError } from "./faulty-disk.ts";
import { adding, textBench, type TextBench } from "./text-fixture.ts";

/** Somebody acts before a call of the disk, once. */
function before(at: TextBench, call: keyof Disk, act: () => Promise<unknown>): Disk {
  let isDone = false;
  const run = realDisk[call] as (...given: unknown[]) => Promise<unknown>;
  return {
    ...realDisk,
    [call]: async (...given: unknown[]) => {
      if (!isDone && given.includes(at.file)) {
        isDone = true;
        await act();
      }
      return run(...given);
    },
  };
}

test("changes happen in the order of asking, and nothing to change is nothing written", async () => {
  const at = await textBench();
  const writer = at.open();
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  await Promise.all(lines.map((line) => writer.change(at.file, adding(line))));
  expect(await at.read()).toBe(`start\n${lines.join("\n")}\n`);
  const { ino } = await stat(at.file);
  expect(await writer.change(at.file, (found) => found)).toBe(await at.read());
  expect(await writer.change(at.file, () => undefined)).toBe(await at.read());
  await writer.close();
  expect((await stat(at.file)).ino).toBe(ino);
  expect(await at.litter()).toEqual([]);
});

test("byte order mark, line ends, mode bits and the missing final newline stay as they were", async () => {
  const at = await textBench("\ufeffstart\r\nend");
  await chmod(at.file, 0o640);
  const writer = at.open();
  await writer.change(at.file, (found) => `${found}\r\none`);
  await writer.close();
  expect(await at.read()).toBe("\ufeffstart\r\nend\r\none");
  expect((await stat(at.file)).mode & 0o7777).toBe(0o640);
});

test("a new file may be read by whom the user's mask allows, like every file they make", async () => {
  const at = await textBench(null);
  const other = path.join(at.root, "other.md");
  await writeFile(other, "");
  const writer = at.open();
  expect(await writer.change(at.file, adding("one"))).toBe("one\n");
  await writer.close();
  expect((await stat(at.file)).mode).toBe((await stat(other)).mode);
  expect((await stat(at.file)).nlink).toBe(1);
  expect(await at.litter()).toEqual([]);
});

test("a file that somebody makes at the same moment is read first, whatever the moment", async () => {
  for (const call of ["open", "link"] as const) {
    const at = await textBench(null);
    const disk = before(at, call, () => writeFile(at.file, "theirs\n"));
    const writer = at.open({ disk });
    expect(await writer.change(at.file, adding("one")), call).toBe("theirs\none\n");
    await writer.close();
    expect(await at.read()).toBe("theirs\none\n");
    expect(await at.litter()).toEqual([]);
  }
});

test("where there are no second names for files, a new one is renamed into its place", async () => {
  const at = await textBench(null);
  const disk: Disk = { ...realDisk, link: () => Promise.reject(systemError("EPERM")) };
  const writer = at.open({ disk });
  expect(await writer.change(at.file, adding("one"))).toBe("one\n");
  await writer.close();
  expect(await at.litter()).toEqual([]);
});

test("what another program saves before the rename is read again, in every style", async () => {
  const styles: Record<string, (at: TextBench) => Promise<unknown>> = {
    rename: async (at) => {
      await writeFile(`${at.file}.new`, "theirs\n");
      await rename(`${at.file}.new`, at.file);
    },
    truncate: (at) => writeFile(at.file, "theirs\n"),
    append: (at) => writeFile(at.file, "theirs\n", { flag: "a" }),
    "the same length": (at) => writeFile(at.file, "START\n"),
    removal: (at) => rm(at.file),
  };
  for (const [style, save] of Object.entries(styles)) {
    const at = await textBench();
    const disk = before(at, "lstat", () => save(at));
    const writer = at.open({ disk });
    const found: (string | undefined)[] = [];
    await writer.change(at.file, (text) => {
      found.push(text);
      return text === undefined ? undefined : `${text}one\n`;
    });
    expect(found.length, style).toBeGreaterThan(1);
    if (style !== "removal") expect(await at.read(), style).toBe(`${found.at(-1)}one\n`);
    await writer.close();
    expect(await at.litter(), style).toEqual([]);
  }
});

test("who never lets go is given way after eight tries, with nothing changed", async () => {
  const at = await textBench();
  let count = 0;
  const disk: Disk = {
    ...realDisk,
    lstat: async (file, options) => {
      if (file === at.file) await writeFile(file, `theirs ${count++}\n`);
      return realDisk.lstat(file, options);
    },
  };
  const clock = {
    now: Date.now,
    after: () => () => {},
    every: () => () => {},
    sleep: async () => {},
  };
  const writer = at.open({ disk, clock });
  await expect(writer.change(at.file, adding("one"))).rejects.toMatchObject({
    code: "write_conflict",
    message: expect.stringContaining("8 tries"),
  });
  expect(count).toBe(8);
  expect(await at.read()).toBe("theirs 7\n");
  expect(await at.litter()).toEqual([]);
});

test("a save in the moment after ours is no reason to do the change twice", async () => {
  const at = await textBench();
  const calls: string[] = [];
  const stands: (string | undefined)[] = [];
  const disk: Disk = {
    ...realDisk,
    rename: async (from, to) => {
      await realDisk.rename(from, to);
      await writeFile(to, `${await readFile(to, "utf8")}theirs\n`);
    },
  };
  const writer = at.open({ disk });
  const change = (found: string | undefined): string => {
    calls.push(found ?? "");
    return `${found}one\n`;
  };
  await writer.change(at.file, change, { stands: (text) => void stands.push(text) });
  expect(calls).toEqual(["start\n"]);
  expect(stands).toEqual(["start\none\n"]);
  expect(await writer.change(at.file, () => undefined)).toBe("start\none\ntheirs\n");
  await writer.close();
});

test("what a program writes into the file that lost its name is told, with what it was written over", async () => {
  const at = await textBench();
  const handle = await open(at.file, "r+");
  const writer = at.open();
  await writer.change(at.file, adding("one"));
  await handle.truncate();
  await handle.write("theirs\n", 0);
  await handle.close();
  await writer.close();
  expect(at.late).toEqual([{ file: at.file, base: "start\n", text: "theirs\n" }]);
});

test("a late save that is still being written is waited for; an emptied file is no text", async () => {
  const at = await textBench();
  const handle = await open(at.file, "r+");
  const sleeps: (() => void)[] = [];
  let look = (): void => {};
  const clock = {
    now: Date.now,
    after: (_ms: number, call: () => void) => ((look = call), () => {}),
    every: () => () => {},
    sleep: () => new Promise<void>((resolve) => void sleeps.push(resolve)),
  };
  const writer = at.open({ clock });
  await writer.change(at.file, adding("one"));
  await handle.truncate();
  look();
  while (sleeps.length === 0) await new Promise(setImmediate);
  await handle.write("half", 0);
  sleeps.shift()?.();
  while (sleeps.length === 0) await new Promise(setImmediate);
  await handle.write("half and whole\n", 0);
  sleeps.shift()?.();
  while (sleeps.length === 0) await new Promise(setImmediate);
  sleeps.shift()?.();
  await writer.close();
  await handle.close();
  expect(at.late.map(({ text }) => text)).toEqual(["half and whole\n"]);

  const other = await textBench();
  const emptied = await open(other.file, "r+");
  const second = other.open();
  await second.change(other.file, adding("one"));
  await emptied.truncate();
  await emptied.close();
  await second.close();
  expect(other.late).toEqual([]);
});

test("links inside the root are followed, and stay; links out of it are refused", async () => {
  const at = await textBench();
  const inside = path.join(at.root, "real.md");
  await rename(at.file, inside);
  await symlink(inside, at.file);
  const writer = at.open();
  expect(await writer.change(at.file, adding("one"))).toBe("start\none\n");
  expect((await lstat(at.file)).isSymbolicLink()).toBe(true);
  expect(await readFile(inside, "utf8")).toBe("start\none\n");

  const outside = path.join(at.folder, "outside.md");
  await writeFile(outside, "secret\n");
  await rm(at.file);
  await symlink(outside, at.file);
  await expect(writer.change(at.file, adding("two"))).rejects.toThrow("leads out of");
  const folder = path.join(at.folder, "elsewhere");
  await mkdir(folder);
  await symlink(folder, path.join(at.root, "way-out"));
  await expect(
    writer.change(path.join(at.root, "way-out", "new.md"), adding("two")),
  ).rejects.toThrow("leads out of");
  await writer.close();
  expect(await readFile(outside, "utf8")).toBe("secret\n");
});

test("a name that is a broken link is not made", async () => {
  const at = await textBench(null);
  await symlink(path.join(at.folder, "nowhere.md"), at.file);
  const clock = {
    now: Date.now,
    after: () => () => {},
    every: () => () => {},
    sleep: async () => {},
  };
  const writer = at.open({ clock });
  await expect(writer.change(at.file, adding("one"))).rejects.toMatchObject({
    code: "write_conflict",
  });
  await writer.close();
  expect(await at.litter()).toEqual([]);
});

test("what is no text, read-only, too large or no file is never changed, and the reason is told", async () => {
  const cases: [string, Uint8Array | string, string][] = [
    ["invalid UTF-8", Uint8Array.of(0x61, 0xff), "not UTF-8"],
    ["a NUL", "a\0b", "not UTF-8"],
    ["too large", "x".repeat(20 * 1024 * 1024 + 1), "20 MiB"],
  ];
  for (const [what, content, reason] of cases) {
    const at = await textBench(content);
    const writer = at.open();
    await expect(writer.change(at.file, adding("one")), what).rejects.toMatchObject({
      code: "write_failed",
      message: expect.stringContaining(reason),
    });
    await writer.close();
    expect((await readFile(at.file)).equals(Buffer.from(content)), what).toBe(true);
  }
  const full = await textBench("x".repeat(20 * 1024 * 1024));
  const writer = full.open();
  await expect(writer.change(full.file, adding("one"))).rejects.toThrow("grow beyond 20 MiB");
  await chmod(full.file, 0o444);
  await expect(writer.change(full.file, adding("one"))).rejects.toThrow("read-only");
  await rm(full.file);
  await mkdir(full.file);
  await expect(writer.change(full.file, adding("one"))).rejects.toThrow("could not be written");
  await writer.close();
});

test("what the change throws is told as it is, and the next change is asked", async () => {
  const at = await textBench();
  const writer = at.open();
  const reason = new Error("not now");
  const refuse = (): string => {
    throw reason;
  };
  await expect(writer.change(at.file, refuse)).rejects.toBe(reason);
  expect(await writer.change(at.file, adding("one"))).toBe("start\none\n");
  await writer.close();
});

test("a file with two names keeps both, and copies of what it held are kept", async () => {
  const at = await textBench();
  const other = path.join(at.root, "second name.md");
  await link(at.file, other);
  const directory = path.join(at.folder, "copies");
  const copies = createCopies(realDisk, directory, Date.now);
  const writer = at.open({ copies });
  await writer.change(at.file, adding("one"));
  await writer.close();
  expect(await readFile(other, "utf8")).toBe("start\none\n");
  const kept = await Promise.all(
    (await readdir(directory)).map((name) => readFile(path.join(directory, name), "utf8")),
  );
  expect(kept.toSorted()).toEqual(["start\n", "start\none\n"]);
});

test("on Windows a rename that is held up by a scanner is tried again", async () => {
  for (const code of ["EPERM", "EACCES", "EBUSY"]) {
    const at = await textBench();
    let failures = 3;
    const { disk } = faultyDisk((_, name) =>
      name === "rename" && failures-- > 0 ? systemError(code) : "run",
    );
    const waits: number[] = [];
    const clock = {
      now: Date.now,
      after: () => () => {},
      every: () => () => {},
      sleep: async (ms: number) => void waits.push(ms),
    };
    const writer = at.open({ disk, platform: "win32", clock });
    expect(await writer.change(at.file, adding("one")), code).toBe("start\none\n");
    expect(waits).toEqual([10, 20, 50]);
    await writer.close();
    expect(await at.read()).toBe("start\none\n");
  }
});

test("a text is known without reading it again only while nobody can have written it unseen", async () => {
  const at = await textBench();
  const { disk, calls } = faultyDisk(() => "run");
  let now = Date.now();
  const clock = {
    now: () => now,
    after: () => () => {},
    every: () => () => {},
    sleep: async () => {},
  };
  const writer = at.open({ disk, clock });
  const reads = async (): Promise<number> => {
    calls.length = 0;
    await writer.change(at.file, () => undefined);
    return calls.filter((name) => name === "read").length;
  };
  await writer.change(at.file, adding("one"));
  const found = await stat(at.file, { bigint: true });
  // The moment of a write says nothing yet.
  expect(writer.isOwn(at.file, found)).toBe(false);
  expect(await reads()).toBeGreaterThan(0);
  now += 3000;
  expect(await reads()).toBeGreaterThan(0);
  expect(await reads()).toBe(0);
  expect(writer.isOwn(at.file, found)).toBe(true);
  await writeFile(at.file, "theirs\n");
  expect(await writer.change(at.file, () => undefined)).toBe("theirs\n");
  await writer.close();
});

test("long texts are encoded by what is new in them, with signs of every size", async () => {
  const long = "Zeile \u{1F5E3}\uFE0F\n".repeat(40_000);
  const at = await textBench(long);
  const writer = at.open();
  for (const change of [
    (text = "") => `${text}\u{1F44D} end\n`,
    (text = "") => text.replace("\u{1F44D}", "\u{1F44E}"),
    (text = "") => text.slice(0, -3),
    (text = "") => `\u{1F44D}${text}`,
  ]) {
    const text = await writer.change(at.file, change);
    expect(await at.read()).toBe(text);
  }
  await writer.close();
});

test("a reader sees old or new texts, never anything between", async () => {
  const at = await textBench("0\n".repeat(20_000));
  const writer = at.open();
  const over = new AbortController();
  const torn: string[] = [];
  let reads = 0;
  const reader = (async () => {
    while (!over.signal.aborted) {
      const text = await at.read();
      reads++;
      const [first = ""] = text.split("\n", 1);
      if (text !== `${first}\n`.repeat(20_000)) torn.push(text.slice(0, 100));
    }
  })();
  for (let count = 1; count <= 60; count++)
    await writer.change(at.file, () => `${count}\n`.repeat(20_000));
  over.abort();
  await reader;
  await writer.close();
  expect(torn).toEqual([]);
  expect(reads).toBeGreaterThan(20);
});

test("what is written in passing is durable with the next change that is waited for, or by itself", async () => {
  for (const isFollowed of [true, false]) {
    const at = await textBench();
    const { disk, calls } = faultyDisk(() => "run");
    const directories: string[] = [];
    const watched: Disk = {
      ...disk,
      open: (file, flags, mode) => {
        if (flags === "r") directories.push(file);
        return disk.open(file, flags, mode);
      },
    };
    const writer = at.open({ disk: watched });
    await writer.change(at.file, adding("one"), { isPassing: true });
    expect(directories).toEqual([]);
    const durable = writer.durable(at.file);
    if (isFollowed) await writer.change(at.file, adding("two"));
    await durable;
    // On a busy machine it may have become durable by itself before the change that is waited for.
    expect([...new Set(directories)]).toEqual([path.dirname(at.file)]);
    expect(calls).toContain("sync");
    await writer.close();
  }
});
