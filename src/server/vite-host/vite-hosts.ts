/**
 * Which Vite host a project gets: one of its own, or, where the setting says so, one with all projects that have the same Vite
 * (decision 5). A project that crashed there has one of its own from then on, as long as this server lives: the others come up
 * together again, and each crash makes their number smaller.
 */
import type { Project } from "../../protocol/model.ts";
import type { Log } from "../log.ts";
import type { ResolvedVite } from "./resolve-vite.ts";
import { Tenants, type Tenant } from "./tenants.ts";
import type { ProcessKeeper } from "./vite-host.ts";
import { createWarmHost, type WarmHost } from "./warm-host.ts";

export type Isolation = "process" | "shared";

export interface ViteHostsParts {
  readonly keeper: ProcessKeeper;
  readonly log: Log;
  /** Private folder of the server, in which an empty one is made. */
  readonly directory: string;
  /** Whether a host is kept ahead. */
  warmStart(): boolean;
  /** As it is now; who runs stays where it is. */
  isolation(): Isolation;
}

/** With more servers than these the memory of a process each is worth a word (dev-servers section 13). */
const enoughProcesses = 4;

export class ViteHosts {
  readonly #parts: ViteHostsParts;
  readonly #warm: WarmHost;
  /** By Vite. */
  readonly #shared = new Map<string, Tenants>();
  readonly #single = new Map<string, Set<Tenants>>();
  /** Projects that live alone for good. */
  readonly #movedOut = new Set<string>();
  readonly #said = new Set<"shared" | "many">();

  constructor(parts: ViteHostsParts) {
    this.#parts = parts;
    const { keeper, directory, warmStart } = parts;
    // A shared host that is there takes the next project as well.
    const isWanted = (vite: ResolvedVite): boolean =>
      warmStart() && this.#openFor(vite) === undefined;
    this.#warm = createWarmHost({ keeper, directory, isWanted });
  }

  /** Keeps one ready for this Vite, where that is of use. */
  prepare(vite: ResolvedVite): void {
    this.#warm.prepare(vite, this.#isShared);
  }

  /**
   * A place in a host for a project, which starts nothing yet. In a shared one it waits until others have started.
   * @returns undefined when the signal comes first
   */
  async take(
    project: Project,
    vite: ResolvedVite,
    signal: AbortSignal,
  ): Promise<Tenant | undefined> {
    while (!signal.aborted) {
      const isShared = this.#isShared && !this.#movedOut.has(project.id);
      const tenants = isShared ? this.#sharedFor(vite) : this.#singleFor(vite);
      // oxlint-disable-next-line no-await-in-loop -- a host that ended meanwhile is replaced
      const tenant = await tenants.admit(project.id, signal);
      if (tenant !== undefined) {
        if (isShared) this.#sayShared(tenants);
        return tenant;
      }
    }
    return undefined;
  }

  /** Ends the one that waits; the others end with their projects. */
  stop(): Promise<void> {
    return this.#warm.stop();
  }

  get #isShared(): boolean {
    return this.#parts.isolation() === "shared";
  }

  #openFor(vite: ResolvedVite): Tenants | undefined {
    const tenants = this.#shared.get(keyOf(vite));
    return this.#isShared && tenants?.isOpen ? tenants : undefined;
  }

  #sharedFor(vite: ResolvedVite): Tenants {
    const open = this.#openFor(vite);
    if (open !== undefined) return open;
    const tenants = new Tenants({
      host: this.#warm.take(vite, true),
      crashed: (projects, culprits) => this.#moveOut(projects, culprits),
    });
    this.#shared.set(keyOf(vite), tenants);
    return tenants;
  }

  #singleFor(vite: ResolvedVite): Tenants {
    const tenants = new Tenants({ host: this.#warm.take(vite, false) });
    const known = this.#single.get(keyOf(vite)) ?? new Set();
    this.#single.set(keyOf(vite), new Set([...known].filter(({ isOpen }) => isOpen)).add(tenants));
    this.#sayMany(vite);
    return tenants;
  }

  /** Who did it; where that is not known, all of them: together they would crash together again. */
  #moveOut(projects: readonly string[], culprits: readonly string[]): void {
    const leaving = culprits.length > 0 ? culprits : projects;
    for (const project of leaving) this.#movedOut.add(project);
    const [did, others] = [
      leaving.join(", "),
      projects.filter((project) => !leaving.includes(project)).join(", "),
    ];
    const what =
      culprits.length === 0 && projects.length > 1
        ? `The Vite process that ${did} shared ended, and nothing says which of them did it: from now on each has a process of its own`
        : `${did} ended the Vite process that it shared${others === "" ? "" : ` with ${others}`}, and has one of its own from now on`;
    this.#parts.log.add("warn", what);
  }

  #sayShared({ names }: Tenants): void {
    if (names.length < 2) return;
    this.#sayOnce(
      "shared",
      "warn",
      `${names.join(" and ")} share one Vite process (setting vitrine.devServers.isolation): they share its working directory, and when one of them ends it, all restart`,
    );
  }

  #sayMany(vite: ResolvedVite): void {
    const running = this.#single.get(keyOf(vite))?.size ?? 0;
    if (running <= enoughProcesses || this.#isShared) return;
    this.#sayOnce(
      "many",
      "info",
      `${running} projects run a Vite process each. Set vitrine.devServers.isolation to shared, and those with the same Vite take about a quarter of the memory, in one process`,
    );
  }

  #sayOnce(about: "shared" | "many", level: "info" | "warn", message: string): void {
    if (this.#said.has(about)) return;
    this.#said.add(about);
    this.#parts.log.add(level, message);
  }
}

/** By the real path of the package; a Vite that was updated there is another one than the one that runs. */
function keyOf({ url, version }: ResolvedVite): string {
  return `${url}@${version}`;
}
