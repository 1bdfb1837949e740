/** The REPLs of all roots, each with the channels over which its realms are reached. */
import { formatAgentHeader } from "../../../markdown/log/format.ts";
import type { AppendToLog } from "../../../protocol/contract.ts";
import type { Log, Repl as ReplFacts, TestRun } from "../../../protocol/model.ts";
import { UserError } from "../../../protocol/errors.ts";
import type { Log as ServerLog } from "../../log.ts";
import { PollChannel } from "../../realms/poll-channel.ts";
import type { Instance } from "./instance.ts";
import { LiveLogs, type LiveLogsParts } from "./live-logs.ts";
import type { Contact } from "./instances.ts";
import type { LogJob } from "./log-job.ts";
import { toLog } from "./log-facts.ts";
import { Repl, type ReplListener, type ReplOptions } from "./repl.ts";
import type { Ending } from "./request.ts";

export interface ReplsParts
  extends Omit<ReplOptions, "root" | "listener">, Omit<LiveLogsParts, "repl" | "belongs"> {
  readonly log: ServerLog;
  /** Whether a realm belongs to a root. */
  belongs(realm: Parameters<LiveLogsParts["belongs"]>[0], root: string): boolean;
  changed(repls: readonly ReplFacts[]): void;
  testRunChanged(run: TestRun): void;
  /** What a realm would be that is made when it is wanted; undefined when there is none of that name. */
  makes(key: string): Contact | undefined;
  /** The shutdown marker was written for a root. */
  stopped(root: string): void;
  /** A structured line about a job (15.12). */
  moved?(instance: Instance, job: LogJob): void;
  ended?(instance: Instance, job: LogJob, ending: Ending): void;
  joined?(instance: Instance): void;
  left?(instance: Instance): void;
}

/** One REPL, and how its realms are reached. */
export interface OpenRepl {
  readonly repl: Repl;
  readonly channel: PollChannel;
  readonly live: LiveLogs;
}

export class Repls {
  readonly #parts: ReplsParts;
  readonly #open = new Map<string, OpenRepl>();
  #telling = false;

  constructor(parts: ReplsParts) {
    this.#parts = parts;
  }

  /** Starts the REPL of a root. Where another process has it, its facts say who. */
  async start(root: string): Promise<ReplFacts> {
    const known = this.#open.get(root);
    if (known !== undefined && known.repl.state.name === "on") return known.repl.facts();
    const open = this.#create(root);
    this.#open.set(root, open);
    await open.repl.start();
    open.live.start();
    this.#changed();
    return open.repl.facts();
  }

  /** Tries again to become the owner of a root. */
  async restart(root: string): Promise<ReplFacts> {
    await this.stop(root);
    return this.start(root);
  }

  async stop(root: string): Promise<void> {
    const open = this.#open.get(root);
    if (open === undefined) return;
    this.#open.delete(root);
    open.live.close();
    await open.repl.stop();
    open.channel.close();
    this.#changed();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((root) => this.stop(root)));
  }

  get(root: string): OpenRepl | undefined {
    const open = this.#open.get(root);
    return open?.repl.state.name === "on" ? open : undefined;
  }

  /** @throws UserError when it is not running, or runs elsewhere */
  running(root: string): OpenRepl {
    const state = this.#open.get(root)?.repl.state;
    const open = this.get(root);
    if (open !== undefined) return open;
    throw new UserError(
      "not_found",
      state?.name === "elsewhere"
        ? `The logs of ${root} belong to ${state.owner}. Stop it, or use it`
        : `The REPL of ${root} is not running. Start it first`,
    );
  }

  /** Makes the file of a log when there is none. @throws UserError when no such realm is known */
  async openLog(root: string, name: string): Promise<Log> {
    const { repl } = this.running(root);
    const instance = repl.find(name);
    if (instance === undefined)
      throw new UserError("not_found", `There is no realm ${name}. Open its page first`);
    if (!instance.log.exists) await instance.create();
    return toLog(instance);
  }

  /** Puts a request below the anchor of a log. */
  async append({ root, name, agent, chunk }: AppendToLog): Promise<void> {
    const { repl } = this.running(root);
    const heading = formatAgentHeader(agent, name, Date.now());
    await repl.expect(name).append(`${heading}\n${chunk}`);
  }

  /** The one whose root holds a folder, the innermost. */
  forFolder(folder: string): OpenRepl | undefined {
    return [...this.#open.values()]
      .filter(({ repl }) => repl.state.name === "on" && isWithin(folder, repl.root))
      .toSorted((one, other) => other.repl.root.length - one.repl.root.length)[0];
  }

  /** The REPL a request of the API is for: `?root=`, else the only one that runs. */
  forRequest(query: URLSearchParams): OpenRepl | undefined {
    const root = query.get("root");
    if (root !== null) return this.get(root);
    const running = [...this.#open.values()].filter(({ repl }) => repl.state.name === "on");
    return running.length === 1 ? running[0] : undefined;
  }

  list(): readonly ReplFacts[] {
    return [...this.#open.values()].map(({ repl }) => repl.facts());
  }

  #create(root: string): OpenRepl {
    const { log, belongs } = this.#parts;
    let open: OpenRepl | undefined;
    const listener: ReplListener = {
      changed: () => {
        open?.repl.changed();
        this.#changed();
      },
      requested: (instance) => {
        open?.channel.offer(instance);
        open?.live.offer(instance).catch((error: unknown) => log.bug(error, "running a request"));
      },
      ended: (instance, job, ending) => {
        open?.live.ended(job);
        this.#parts.ended?.(instance, job, ending);
      },
      failed: (instance, error) =>
        log.add(
          "warn",
          `${instance.key}: ${error instanceof Error ? error.message : String(error)}`,
          {
            source: "repl",
          },
        ),
      moved: (instance, job) => this.#parts.moved?.(instance, job),
      joined: (instance) => this.#parts.joined?.(instance),
      left: (instance) => this.#parts.left?.(instance),
      testRunChanged: (run) => this.#parts.testRunChanged(run),
      makes: (key) => this.#parts.makes(key),
      stopped: () => this.#parts.stopped(root),
      warned: (message) => log.add("warn", message, { source: "repl" }),
    };
    const repl = new Repl({ ...this.#parts, root, listener });
    const live = new LiveLogs({ ...this.#parts, repl, belongs: (realm) => belongs(realm, root) });
    open = { repl, channel: new PollChannel(repl), live };
    return open;
  }

  /** Many facts change in one tick; the snapshot is sent once. */
  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      this.#parts.changed(this.list());
    });
  }
}

function isWithin(folder: string, root: string): boolean {
  return folder === root || folder.startsWith(root.endsWith("/") ? root : `${root}/`);
}
