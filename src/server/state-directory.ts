/**
 * The per-user state directory shared by extension and command line (decision 4), and what one server keeps in it: its
 * discovery file, which is also the record of the children to end if the server dies without doing so itself.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { clearDeadLocks } from "./lock-file.ts";
import { isSameProcess, killGroup, processStart, type ProcessIdentity } from "./processes.ts";

/** What `servers/<pid>.json` says. Readable by the user alone: it holds the control token. */
export interface Discovery extends ProcessIdentity {
  readonly version: string;
  readonly protocol: number;
  readonly gateway: string;
  readonly token: string;
  readonly folders: readonly string[];
  /** Started by a command line for its REPL: another one may ask it to leave, which it may not of an editor's. */
  readonly isReplCommand?: boolean;
  /** Private directory of the server's local sockets. */
  readonly runDirectory: string;
  readonly children: readonly ProcessIdentity[];
}

export interface StateDirectory {
  readonly directory: string;
  readonly identity: ProcessIdentity;
  /** Private directory of this server, short enough for socket paths. */
  readonly runDirectory: string;
  /** Writes the discovery file, at first and whenever one of the facts changes. */
  publish(
    facts: Partial<Omit<Discovery, keyof ProcessIdentity | "runDirectory" | "children">>,
  ): Promise<void>;
  /** Remembers a child until it is gone, so that a successor can end it. */
  addChild(pid: number): Promise<void>;
  removeChild(pid: number): Promise<void>;
  /** Takes everything away. */
  close(): Promise<void>;
}

const prefix = "vitrine-";

/** `<data>/vitrine` of decision 4. */
export function defaultStateDirectory(): string {
  if (process.platform === "darwin")
    return path.join(homedir(), "Library", "Application Support", "vitrine");
  if (process.platform === "win32") {
    return path.join(
      process.env["LOCALAPPDATA"] ?? path.join(homedir(), "AppData", "Local"),
      "vitrine",
    );
  }
  return path.join(
    process.env["XDG_STATE_HOME"] ?? path.join(homedir(), ".local", "state"),
    "vitrine",
  );
}

/** Folder of the locks of ports, shared by all servers of the user. */
export function portLocks(directory: string): string {
  return path.join(directory, "ports");
}

/** Opens the state directory for this process, ending what dead servers left behind first. */
export async function openStateDirectory(directory: string): Promise<StateDirectory> {
  const servers = path.join(directory, "servers");
  await mkdir(servers, { recursive: true, mode: 0o700 });
  await clearDeadServers(servers);
  const identity = { pid: process.pid, start: (await processStart(process.pid)) ?? "" };
  await clearDeadLocks(portLocks(directory), identity);
  const runDirectory = await mkdtemp(path.join(tmpdir(), prefix));
  await chmod(runDirectory, 0o700);
  const file = path.join(servers, `${process.pid}.json`);
  const children = new Map<number, ProcessIdentity>();
  let facts: Omit<Discovery, keyof ProcessIdentity | "runDirectory" | "children"> = {
    version: "",
    protocol: 0,
    gateway: "",
    token: "",
    folders: [],
  };
  let queue = Promise.resolve();

  const write = (): Promise<void> => {
    const text = JSON.stringify({
      ...identity,
      ...facts,
      runDirectory,
      children: [...children.values()],
    });
    // Without the file nobody finds this server, and nobody clears up after it; it serves all the same.
    queue = queue.then(() => replacePrivate(file, text)).catch(() => {});
    return queue;
  };
  await write();

  return {
    directory,
    identity,
    runDirectory,
    publish: (changed) => {
      facts = { ...facts, ...changed };
      return write();
    },
    addChild: async (pid) => {
      const start = await processStart(pid);
      if (start === undefined) return;
      children.set(pid, { pid, start });
      await write();
    },
    removeChild: (pid) => (children.delete(pid) ? write() : Promise.resolve()),
    close: async () => {
      await queue;
      await rm(file, { force: true });
      await rm(runDirectory, { recursive: true, force: true });
    },
  };
}

async function clearDeadServers(servers: string): Promise<void> {
  for (const server of await readDiscoveries(servers)) {
    if (await isSameProcess(server)) continue;
    for (const child of server.children) {
      if (await isSameProcess(child)) killGroup(child.pid, "SIGKILL");
    }
    // Only a directory that is ours by name and place: the file could have been edited.
    const { runDirectory } = server;
    if (path.dirname(runDirectory) === tmpdir() && path.basename(runDirectory).startsWith(prefix)) {
      await rm(runDirectory, { recursive: true, force: true });
    }
    await rm(path.join(servers, `${server.pid}.json`), { force: true });
  }
}

/** Servers of this user that live. */
export async function readServers(directory = defaultStateDirectory()): Promise<Discovery[]> {
  const found = await readDiscoveries(path.join(directory, "servers"));
  const live = await Promise.all(found.map(isSameProcess));
  return found.filter((_, index) => live[index]);
}

async function readDiscoveries(servers: string): Promise<Discovery[]> {
  const found: Discovery[] = [];
  for (const name of await readdir(servers).catch(() => [])) {
    if (!/^\d+\.json$/.test(name)) continue;
    try {
      const server = JSON.parse(await readFile(path.join(servers, name), "utf8")) as Discovery;
      if (
        typeof server.pid === "number" &&
        typeof server.start === "string" &&
        Array.isArray(server.children)
      )
        found.push(server);
    } catch {
      // A torn or foreign file: its owner, if it lives, writes it again.
    }
  }
  return found;
}

async function replacePrivate(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}
