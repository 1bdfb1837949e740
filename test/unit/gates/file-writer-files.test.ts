import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { isMixture } from "../../../src/server/files/place-entry.ts";
import { faultyDisk, systemError } from "./faulty-disk.ts";
import { bench, litter } from "./writer-fixture.ts";

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

test("a file with two names that another program changes at the last moment is taken anew", async () => {
  const at = await bench();
  await link(at.file, path.join(at.folder, "other.md"));
  const { disk } = faultyDisk(() => "run");
  let looks = 0;
  const meddling = {
    ...disk,
    lstat: async (file: string, options: { bigint: true }) => {
      if (file === at.file && looks++ === 0) await writeFile(file, "theirs\n");
      return disk.lstat(file, options);
    },
  };
  const writer = at.open({ disk: meddling });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
  expect(await at.read()).toBe("theirs\none\n");
  await writer.close();
});

test("a write that another program follows at once is made again", async () => {
  for (const names of [1, 2]) {
    const at = await bench();
    if (names === 2) await link(at.file, path.join(at.folder, "other.md"));
    const { disk } = faultyDisk(() => "run");
    let opens = 0;
    const meddling = {
      ...disk,
      open: async (file: string, flags: string | number, mode?: number) => {
        // The first reading is for the snapshot, the second one verifies.
        if (file === at.file && typeof flags === "number" && ++opens === 2)
          await writeFile(file, "theirs\n");
        return disk.open(file, flags, mode);
      },
    };
    const writer = at.open({ disk: meddling });
    expect(await (await writer.accept(at.file, "one")).write()).toBe("written");
    expect(await at.read()).toBe("theirs\none\n");
    await writer.close();
  }
});

test("a file that becomes a folder right after the write is no reason to fail", async () => {
  const at = await bench();
  const { disk } = faultyDisk(() => "run");
  let opens = 0;
  const meddling = {
    ...disk,
    open: async (file: string, flags: string | number, mode?: number) => {
      if (file === at.file && typeof flags === "number" && ++opens === 2) {
        await rm(file);
        await mkdir(file);
      }
      return disk.open(file, flags, mode);
    },
  };
  const writer = at.open({ disk: meddling });
  expect(await (await writer.accept(at.file, "one")).write()).toBe("parked");
  await writer.close();
});

test("on Windows an error that will not pass is told at once", async () => {
  const at = await bench();
  let isBroken = false;
  const waits: number[] = [];
  const { disk } = faultyDisk((_, name) =>
    isBroken && name === "rename" ? systemError("EIO") : "run",
  );
  const writer = at.open({ disk, platform: "win32", wait: async (ms) => void waits.push(ms) });
  const accepted = await writer.accept(at.file, "one");
  isBroken = true;
  expect(await accepted.write()).toBe("parked");
  expect(waits).toEqual([]);
  await writer.close();
});
