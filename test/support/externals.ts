/** An owner of external servers over folders of its own, and what it has told. */
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { DevInfo } from "../../src/protocol/dev-server.ts";
import type { ExternalPart } from "../../src/server/dev-servers/external/attachment.ts";
import type { DetachReason } from "../../src/server/dev-servers/external/attachments.ts";
import {
  Externals,
  type ExternalsOptions,
} from "../../src/server/dev-servers/external/externals.ts";
import { eventually } from "./eventually.ts";

export type Told =
  | { readonly what: "changed"; readonly part: ExternalPart }
  | { readonly what: "detached"; readonly id: string; readonly reason: DetachReason }
  | { readonly what: "rejected"; readonly file: string; readonly message: string };

export interface TestExternals {
  readonly top: string;
  readonly state: string;
  readonly externals: Externals;
  readonly told: Told[];
  /** Writes a `.devinfo` below the state directory as writers are told to. @returns the file */
  write(id: string, info: unknown): Promise<string>;
  fileOf(id: string): string;
  /** The `count`-th attachment or change of facts. */
  changed(count: number, timeout?: number): Promise<ExternalPart>;
  detached(count: number, timeout?: number): Promise<Extract<Told, { what: "detached" }>>;
  rejected(count: number): Promise<Extract<Told, { what: "rejected" }>>;
}

export async function useExternals(
  options: Partial<ExternalsOptions> = {},
  prepare: (top: string) => Promise<void> = async () => {},
): Promise<TestExternals> {
  const top = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-external-")));
  const state = path.join(top, "state");
  const told: Told[] = [];
  await prepare(top);
  const externals = new Externals({
    projects: () => [],
    stateDirectories: () => [state],
    globs: () => [],
    allowedHosts: () => [],
    mayAttach: () => true,
    healthMs: 200,
    events: {
      changed: (part) => void told.push({ what: "changed", part }),
      detached: (id, reason) => void told.push({ what: "detached", id, reason }),
      rejected: (file, { message }) => void told.push({ what: "rejected", file, message }),
      failed: (error) => {
        throw error;
      },
    },
    ...options,
  });
  onTestFinished(async () => {
    externals.stop();
    await rm(top, { recursive: true, force: true });
  });
  await externals.refresh();
  const nth = <What extends Told["what"]>(
    what: What,
    count: number,
    timeout?: number,
  ): Promise<Extract<Told, { what: What }>> =>
    eventually(
      `${what} ${count} times; told: ${JSON.stringify(told)}`,
      () => told.filter((one) => one.what === what)[count - 1] as never,
      timeout ?? 8000,
    );
  const fileOf = (id: string): string => path.join(state, "plugins", id, ".devinfo");
  return {
    top,
    state,
    externals,
    told,
    fileOf,
    async write(id, info) {
      const file = fileOf(id);
      await writeAtomically(file, typeof info === "string" ? info : JSON.stringify(info));
      return file;
    },
    changed: async (count, timeout) => (await nth("changed", count, timeout)).part,
    detached: (count, timeout) => nth("detached", count, timeout),
    rejected: (count) => nth("rejected", count),
  };
}

export async function writeAtomically(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.tmp`, text);
  await rename(`${file}.tmp`, file);
}

/** A pid that no process has: beyond what the kernel gives out. */
export const deadPid = 9_999_999;

export function devInfo(more: Partial<DevInfo> = {}): Partial<DevInfo> {
  return { pid: process.pid, addr: "127.0.0.1:42367", ...more };
}
