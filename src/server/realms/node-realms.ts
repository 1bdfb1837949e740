/** Node realms: one process per project folder, started by the first block that needs it (E-07). */
import type { ChildProcess } from "node:child_process";
import { entries } from "../entries.ts";
import type { Log } from "../log.ts";
import { forkNode, killGroup, realmEnvironment } from "../processes.ts";
import type { ProcessKeeper } from "../vite-host/vite-host.ts";
import { toFromRealm } from "./messages.ts";
import type { LiveRealm, RealmDoor, Realms } from "./realms.ts";

/** Ms until a new Node process has said hello. */
const helloMs = 15_000;

interface NodeProcess {
  readonly pid: number;
  readonly realm: Promise<LiveRealm>;
  /** Known after its hello; a realm is killed by what we started, never by what it says of itself. */
  realmId?: string;
}

export class NodeRealms {
  readonly #realms: Realms;
  readonly #keeper: ProcessKeeper;
  readonly #log: Log;
  /** By working directory; one that was killed makes room at once. */
  readonly #processes = new Map<string, NodeProcess>();
  readonly #exits = new Set<Promise<void>>();

  constructor(realms: Realms, keeper: ProcessKeeper, log: Log) {
    this.#realms = realms;
    this.#keeper = keeper;
    this.#log = log;
  }

  /** The Node realm whose working directory is `directory`; it is started when there is none. */
  open(directory: string, session: string | undefined): Promise<LiveRealm> {
    const running = this.#processes.get(directory);
    if (running !== undefined) return running.realm;
    const started = this.#start(directory, session);
    this.#processes.set(directory, started);
    return started.realm;
  }

  /** Ends the process: the only way to stop a block that loops for ever. Nothing happens to other realms. */
  kill(realm: LiveRealm): void {
    for (const [directory, process] of this.#processes) {
      if (process.realmId !== realm.id) continue;
      // The next block must not meet a process that is about to end.
      this.#processes.delete(directory);
      killGroup(process.pid, "SIGKILL");
    }
  }

  async stop(): Promise<void> {
    for (const { pid } of this.#processes.values()) killGroup(pid, "SIGKILL");
    await Promise.all(this.#exits);
  }

  #start(directory: string, session: string | undefined): NodeProcess {
    const child = forkNode(entries.nodeRealm, { cwd: directory, env: realmEnvironment() });
    const pid = child.pid ?? 0;
    void this.#keeper.addChild(pid);
    this.#drain(child, session);
    const door: { current?: RealmDoor } = {};
    const exited = this.#exit(child, door);
    this.#exits.add(exited);
    const realm = this.#hello(child, session, door, exited);
    const started: NodeProcess = { pid, realm };
    void exited.then(() => {
      this.#exits.delete(exited);
      if (this.#processes.get(directory) === started) this.#processes.delete(directory);
    });
    // A start that failed is reported to whoever asked for the realm.
    realm.then((live) => (started.realmId = live.id)).catch(() => {});
    return started;
  }

  #exit(child: ChildProcess, door: { current?: RealmDoor }): Promise<void> {
    const pid = child.pid ?? 0;
    return new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", (code, signal) => {
        killGroup(pid, "SIGKILL");
        void this.#keeper.removeChild(pid);
        door.current?.lost(
          `The Node process ended ${signal === null ? `with code ${code}` : `by ${signal}`}`,
        );
        resolve();
      });
    });
  }

  #hello(
    child: ChildProcess,
    session: string | undefined,
    door: { current?: RealmDoor },
    exited: Promise<void>,
  ): Promise<LiveRealm> {
    const link = {
      send: (message: object) => void (child.connected && child.send(message)),
      close: () => killGroup(child.pid ?? 0, "SIGKILL"),
    };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`it did not say hello within ${helloMs / 1000} s`)),
        helloMs,
      );
      void exited.then(() => {
        clearTimeout(timer);
        reject(new Error("it ended at once"));
      });
      child.on("message", (data) => {
        const message = toFromRealm(data);
        if (message === undefined) return;
        if (message.type !== "hello") return door.current?.receive(message);
        clearTimeout(timer);
        const url = `node://${child.pid ?? 0}`;
        door.current = this.#realms.join(session, link, {
          ...message,
          kind: "node",
          name: "",
          url,
        });
        resolve(door.current.realm);
      });
    });
  }

  /** A full pipe would block the process; what it prints past its console goes to the log. */
  #drain(child: ChildProcess, session: string | undefined): void {
    const about = { source: "node", ...(session === undefined ? {} : { session }) };
    for (const stream of [child.stdout, child.stderr]) {
      stream
        ?.setEncoding("utf8")
        .on("data", (text: string) => this.#log.add("info", text.trimEnd(), about));
    }
  }
}
