/** The engine of the logs of one root without a realm channel and without a disk: it can die at any call, and go on. */
import path from "node:path";
import type { LogResult } from "../../src/markdown/log/events.ts";
import { createTextWriter, type TextWriter } from "../../src/server/files/text-writer.ts";
import { replacedOf } from "../../src/server/files/temporaries.ts";
import { Instances } from "../../src/server/repl/logs/instances.ts";
import type { EndLengths } from "../../src/server/repl/logs/log-end.ts";
import { isLogName } from "../../src/server/repl/logs/log-folder.ts";
import type { Instance } from "../../src/server/repl/logs/instance.ts";
import type { LogJob } from "../../src/server/repl/logs/log-job.ts";
import { RunRecord, type Continues } from "../../src/server/repl/logs/run-record.ts";
import type { RecordFiles } from "../../src/server/repl/logs/record-files.ts";
import {
  memoryDisk,
  memoryRecords,
  testClock,
  type MemoryDisk,
  type TestClock,
} from "./memory-disk.ts";

export const directory = "/root/daebug";

/** What outlives a server. */
export interface LogWorld {
  readonly clock: TestClock;
  readonly memory: MemoryDisk;
  readonly records: RecordFiles;
}

export interface LogServer {
  readonly instances: Instances;
  readonly failures: string[];
  /** The realm, connected. */
  realm(name: string): Instance;
  /** Ends in order. */
  stop(): Promise<void>;
  /** Ends like a killed process: nothing it does reaches the disk any more. */
  die(): void;
}

export function logWorld(start = Date.UTC(2026, 2, 4, 9)): LogWorld {
  const clock = testClock(start);
  return { clock, memory: memoryDisk(clock), records: memoryRecords(clock) };
}

export async function startLogs(
  { clock, memory, records }: LogWorld,
  continues: Continues,
  lengths?: EndLengths,
): Promise<LogServer> {
  let isDead = false;
  const failures: string[] = [];
  const alive = mortal(memory.disk, () => isDead);
  const kept = mapped(records, (call) => (isDead ? undefined : call()));
  const record = new RunRecord({
    files: kept,
    clock,
    supervisor: 1,
    warned: (text) => void failures.push(text),
  });
  const writer: TextWriter = createTextWriter({
    root: "/root",
    disk: alive,
    platform: "linux",
    clock,
    isGuarded: () => true,
    late: (late) => instances.late(late),
  });
  const secondNames = (log: string): string[] =>
    memory.names().filter((file) => replacedOf(path.basename(file)) === log);
  const instances: Instances = new Instances({
    directory,
    folder: {
      names: async () =>
        memory
          .names()
          .map((file) => path.basename(file))
          .filter(isLogName),
      read: async (name) => memory.text(path.join(directory, name)),
      replaced: async (log) =>
        secondNames(log)
          .filter((file) => !memory.isOneFile(file, path.join(directory, log)))
          .map((file) => memory.text(file) ?? ""),
      dropReplaced: async (log) => secondNames(log).forEach((file) => memory.remove(file)),
    },
    writer,
    record,
    documents: { readDirty: async () => undefined, editDirty: async () => false },
    clock,
    timeoutMs: () => 60_000,
    createOnConnect: false,
    ...(lengths === undefined ? {} : { lengths }),
    listener: {
      changed: () => {},
      requested: () => {},
      ended: () => {},
      moved: () => {},
      joined: () => {},
      makes: () => undefined,
      failed: (_, error) => void failures.push(String(error)),
    },
  });
  await instances.scan(continues);
  return {
    instances,
    failures,
    realm(name) {
      const instance = instances.contact(name, { url: "http://localhost/" });
      instance.connections = 1;
      return instance;
    },
    async stop() {
      await instances.close("the server was shut down before the result arrived");
      await writer.close();
      record.end();
      isDead = true;
    },
    die() {
      isDead = true;
      instances.abandon();
    },
  };
}

/** Calls of a dead process never come back, those of its open files neither. */
function mortal<Calls extends object>(calls: Calls, isDead: () => boolean): Calls {
  return mapped(calls, (call, name) => {
    if (isDead()) return new Promise(() => {});
    const result = call();
    if (name !== "open") return result;
    return (result as Promise<object>).then((handle) => mortal(handle, isDead));
  });
}

function mapped<Calls extends object>(
  calls: Calls,
  around: (call: () => unknown, name: string) => unknown,
): Calls {
  return Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      (...given: unknown[]) =>
        around(() => (call as (...args: unknown[]) => unknown)(...given), name),
    ]),
  ) as Calls;
}

export function valueOf(code: string): LogResult {
  return { ok: true, value: `value of ${code}` };
}

export type { Instance, LogJob };
