/** A disk and a clock in memory: thousands of lives of a log in a minute, and something of others between any two calls. */
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../src/server/clock.ts";
import type { Disk } from "../../src/server/files/disk.ts";
import type { RecordFiles } from "../../src/server/repl/logs/record-files.ts";

interface Inode {
  readonly ino: bigint;
  data: Buffer;
  mtimeNs: bigint;
  mode: number;
  names: number;
}

/** An open file of somebody else. */
export interface OpenFile {
  read(): string;
  /** Replaces the content of the very file, whatever its name is by now. */
  write(text: string): void;
  append(text: string): void;
}

export interface MemoryDisk {
  readonly disk: Disk;
  /** Called before each call of the disk; may change files, or throw. */
  before: (call: string, file: string) => void;
  /** Called when a file stands under a name, with what it holds. */
  appeared: (file: string, text: string) => void;
  /** Undefined when there is no such file. */
  text(file: string): string | undefined;
  open(file: string): OpenFile;
  /** Saves as a program does that writes a new file and renames it. */
  replace(file: string, text: string): void;
  remove(file: string): void;
  names(): readonly string[];
  /** Whether two names are of the same file. */
  isOneFile(one: string, other: string): boolean;
}

/** Ms: the step in which the times of files are counted. */
const step = 4;

export function memoryDisk(clock: Clock): MemoryDisk {
  const files = new Map<string, Inode>();
  let count = 0n;

  const stamp = (): bigint => BigInt(Math.floor(clock.now() / step) * step) * 1_000_000n + 1n;
  const create = (): Inode => ({
    ino: ++count,
    data: Buffer.alloc(0),
    mtimeNs: stamp(),
    mode: 0o644,
    names: 0,
  });
  const put = (file: string, inode: Inode): void => {
    const old = files.get(file);
    if (old !== undefined) old.names--;
    inode.names++;
    files.set(file, inode);
  };
  const take = (file: string): Inode => {
    const inode = find(file);
    inode.names--;
    files.delete(file);
    return inode;
  };
  const find = (file: string): Inode => {
    const inode = files.get(file);
    if (inode === undefined) throw systemError("ENOENT");
    return inode;
  };
  const alter = (inode: Inode, data: Buffer): void => {
    inode.data = data;
    inode.mtimeNs = stamp();
  };
  const memory: MemoryDisk = {
    disk: {
      async open(file, flags) {
        memory.before("open", file);
        if (flags === "wx") {
          if (files.has(file)) throw systemError("EEXIST");
          put(file, create());
        }
        const isDirectory = flags === "r" && !path.extname(file);
        return handleOf(memory, file, isDirectory ? create() : find(file), alter);
      },
      async lstat(file) {
        memory.before("lstat", file);
        return statOf(find(file));
      },
      async realpath(file) {
        memory.before("realpath", file);
        if (path.extname(file) !== "") find(file);
        return file;
      },
      async rename(from, to) {
        memory.before("rename", to);
        put(to, take(from));
        memory.appeared(to, find(to).data.toString());
      },
      async link(from, to) {
        memory.before("link", to);
        if (files.has(to)) throw systemError("EEXIST");
        put(to, find(from));
        if (!to.endsWith(".old")) memory.appeared(to, find(to).data.toString());
      },
      async unlink(file) {
        memory.before("unlink", file);
        take(file);
      },
      async readdir(directory) {
        memory.before("readdir", directory);
        return [...files.keys()]
          .filter((file) => path.dirname(file) === directory)
          .map((file) => path.basename(file));
      },
      async mkdir() {
        return undefined;
      },
    },
    before: () => {},
    appeared: () => {},
    text: (file) => files.get(file)?.data.toString(),
    open(file) {
      const inode = find(file);
      return {
        read: () => inode.data.toString(),
        write: (text) => alter(inode, Buffer.from(text)),
        append: (text) => alter(inode, Buffer.concat([inode.data, Buffer.from(text)])),
      };
    },
    replace(file, text) {
      const inode = create();
      inode.data = Buffer.from(text);
      put(file, inode);
    },
    remove: (file) => void take(file),
    names: () => [...files.keys()],
    isOneFile: (one, other) => files.get(one) === files.get(other),
  };
  return memory;
}

function handleOf(
  memory: MemoryDisk,
  file: string,
  inode: Inode,
  alter: (inode: Inode, data: Buffer) => void,
): FileHandle {
  const methods = {
    async read(into: Buffer, offset: number, length: number, position: number) {
      memory.before("read", file);
      return { bytesRead: inode.data.copy(into, offset, position, position + length) };
    },
    async write(bytes: Buffer, offset: number, length: number, position: number) {
      memory.before("write", file);
      const next = Buffer.alloc(Math.max(inode.data.length, position + length));
      inode.data.copy(next);
      bytes.copy(next, position, offset, offset + length);
      alter(inode, next);
      return { bytesWritten: length };
    },
    async truncate(length: number) {
      alter(inode, Buffer.from(inode.data.subarray(0, length)));
    },
    async chmod(mode: number) {
      inode.mode = mode;
    },
    async stat() {
      memory.before("stat", file);
      return statOf(inode);
    },
    async sync() {
      memory.before("sync", file);
    },
    async close() {},
  };
  return methods as unknown as FileHandle;
}

function statOf({ ino, data, mtimeNs, mode, names }: Inode): BigIntStats {
  const whose = { dev: 1n, uid: 0n, gid: 0n, nlink: BigInt(names) };
  const content = { ino, size: BigInt(data.length), mtimeNs, mode: BigInt(mode) };
  return { ...whose, ...content, isFile: () => true } as unknown as BigIntStats;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export interface TestClock extends Clock {
  /** Lets time pass: what is due happens in order, and what follows from it. */
  advance(ms: number): Promise<void>;
  /** Lets happen what is due now, and what follows from it. */
  settle(): Promise<void>;
}

interface Timer {
  at: number;
  readonly every?: number;
  readonly call: () => void;
}

export function testClock(start: number): TestClock {
  let now = start;
  const timers = new Set<Timer>();
  const add = (timer: Timer): (() => void) => {
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const next = (until: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers)
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  };
  const clock: TestClock = {
    now: () => now,
    after: (ms, call) => add({ at: now + ms, call }),
    every: (ms, call) => add({ at: now + ms, every: ms, call }),
    sleep: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
    settle,
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        now = Math.max(now, timer.at);
        if (timer.every === undefined) timers.delete(timer);
        else timer.at += timer.every;
        timer.call();
        await settle();
      }
      now = until;
    },
  };
  return clock;
}

/** Records that outlive a server. */
export function memoryRecords(clock: Clock): RecordFiles {
  const files = new Map<string, { parts: string[]; at: number }>();
  return {
    read: (name) => files.get(name)?.parts.join(""),
    write: (name, text) => void files.set(name, { parts: [text], at: clock.now() }),
    append(name, text) {
      const file = files.get(name) ?? { parts: [], at: 0 };
      file.parts.push(text);
      file.at = clock.now();
      files.set(name, file);
    },
    touch(name) {
      const file = files.get(name);
      if (file !== undefined) file.at = clock.now();
    },
    age(name) {
      const file = files.get(name);
      return file === undefined ? undefined : clock.now() - file.at;
    },
    close() {},
    clear: () => files.clear(),
  };
}
