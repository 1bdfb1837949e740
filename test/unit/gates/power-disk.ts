/** A disk in memory that knows what was synced: a power loss may drop, keep or tear everything else (D-10). */
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import type { Disk } from "../../../src/server/files/disk.ts";
import { systemError } from "./faulty-disk.ts";

interface Inode {
  readonly ino: bigint;
  data: Buffer;
  /** What survives for certain, and the changes that may or may not. */
  durable: Buffer;
  unsynced: ((data: Buffer) => Buffer)[];
  mode: number;
  changes: bigint;
}

type Names = Map<string, Inode>;

export interface PowerDisk {
  readonly disk: Disk;
  text(file: string): string;
  /** A save by somebody else, safe on the disk. */
  save(file: string, text: string): void;
  /** @param keep decides for each change that was not synced whether it survives. */
  losePower(keep: () => boolean): void;
}

function statOf(inode: Inode): BigIntStats {
  const identity = { ino: inode.ino, dev: 1n, nlink: 1n, uid: 0n, gid: 0n };
  const content = {
    size: BigInt(inode.data.length),
    mtimeNs: inode.changes,
    mode: BigInt(inode.mode),
  };
  return { ...identity, ...content, isFile: () => true } as unknown as BigIntStats;
}

export function powerDisk(): PowerDisk {
  let names: Names = new Map();
  let durable: Names = new Map();
  let unsynced: { directory: string; change: (names: Names) => void }[] = [];
  let count = 0n;

  const create = (): Inode => ({
    ino: ++count,
    data: Buffer.alloc(0),
    durable: Buffer.alloc(0),
    unsynced: [],
    mode: 0o600,
    changes: 0n,
  });
  const change = (directory: string, act: (names: Names) => void): void => {
    act(names);
    unsynced.push({ directory, change: act });
  };
  const get = (file: string): Inode => {
    const inode = names.get(file);
    if (inode === undefined) throw systemError("ENOENT");
    return inode;
  };
  const handleOf = (inode: Inode): FileHandle => {
    const alter = (act: (data: Buffer) => Buffer): void => {
      inode.data = act(inode.data);
      inode.unsynced.push(act);
      inode.changes++;
    };
    const methods = {
      read: async (into: Buffer, offset: number, length: number, position: number) => ({
        bytesRead: inode.data.copy(into, offset, position, position + length),
      }),
      write: async (bytes: Buffer, offset: number, length: number, position: number) => {
        const part = Buffer.from(bytes.subarray(offset, offset + length));
        alter((data) => {
          const next = Buffer.alloc(Math.max(data.length, position + length));
          data.copy(next);
          part.copy(next, position);
          return next;
        });
        return { bytesWritten: length };
      },
      truncate: async (length: number) => alter((data) => Buffer.from(data.subarray(0, length))),
      chmod: async (mode: number) => void (inode.mode = mode),
      stat: async () => statOf(inode),
      sync: async () => {
        inode.durable = inode.data;
        inode.unsynced = [];
      },
      close: async () => {},
    };
    return methods as unknown as FileHandle;
  };
  const directoryHandle = (directory: string): FileHandle => {
    const sync = async (): Promise<void> => {
      for (const one of unsynced) if (one.directory === directory) one.change(durable);
      unsynced = unsynced.filter((one) => one.directory !== directory);
    };
    return { sync, close: async () => {} } as unknown as FileHandle;
  };

  const disk: Disk = {
    async open(file, flags) {
      if (flags === "wx") {
        const inode = create();
        change(path.dirname(file), (all) => void all.set(file, inode));
        return handleOf(inode);
      }
      const isDirectory =
        [...names.keys()].some((name) => name.startsWith(`${file}/`)) || !path.extname(file);
      return isDirectory ? directoryHandle(file) : handleOf(get(file));
    },
    lstat: async (file) => statOf(get(file)),
    realpath: async (file) => (get(file), file),
    async rename(from, to) {
      const inode = get(from);
      change(path.dirname(to), (all) => void (all.delete(from), all.set(to, inode)));
    },
    async link(from, to) {
      const inode = get(from);
      if (names.has(to)) throw systemError("EEXIST");
      change(path.dirname(to), (all) => void all.set(to, inode));
    },
    async unlink(file) {
      get(file);
      change(path.dirname(file), (all) => void all.delete(file));
    },
    readdir: async (directory) =>
      [...names.keys()]
        .filter((name) => path.dirname(name) === directory)
        .map((name) => path.basename(name)),
    mkdir: async () => undefined,
  };

  return {
    disk,
    text: (file) => get(file).data.toString("utf8"),
    save(file, text) {
      const inode = names.get(file) ?? create();
      names.set(file, inode);
      durable.set(file, inode);
      // A save without a name on the disk would be lost with what stood there before.
      unsynced = unsynced.filter((one) => one.directory !== path.dirname(file));
      inode.data = Buffer.from(text);
      inode.durable = inode.data;
      inode.unsynced = [];
      inode.changes++;
    },
    losePower(keep) {
      for (const one of unsynced) if (keep()) one.change(durable);
      unsynced = [];
      for (const inode of durable.values()) {
        for (const act of inode.unsynced) if (keep()) inode.durable = act(inode.durable);
        inode.unsynced = [];
        inode.data = inode.durable;
      }
      names = new Map(durable);
    },
  };
}
