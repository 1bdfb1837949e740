/** Pages served by a Vite host of ours. */
import type { Problem } from "../../../protocol/model.ts";
import type { Served, ViteServerEvents } from "../../../protocol/vite-host.ts";
import type { UiConfig } from "../../dev-servers/project-config.ts";
import type { ResolvedVite } from "../../vite-host/resolve-vite.ts";
import type { Tenant, TenantExit } from "../../vite-host/tenants.ts";
import { addressesOf, type Addresses } from "../addresses.ts";
import { serveOptions } from "../serve-options.ts";
import { exitError, startTimeout } from "../session-faults.ts";
import { viteOf } from "./install.ts";
import { notWanted, tryPorts, withinLimits } from "./limits.ts";
import {
  startTimeoutMs,
  type UiExit,
  type UiFacts,
  type UiParts,
  type UiRun,
  type UiServer,
} from "./ui-server.ts";

export class ViteUi implements UiServer {
  readonly kind = "vite";
  readonly #parts: UiParts;
  readonly #install: UiConfig["install"];
  #port = 0;
  #isReserved = false;
  #addresses: Addresses | undefined;
  #tenant: Tenant | undefined;
  #viteVersion = "";
  #notices: readonly string[] = [];
  #problems: readonly Problem[] = [];
  /** Origins of pages that the host was told of. */
  #composed = "";

  /** @param install what to do when the project's packages are missing */
  constructor(parts: UiParts, install: UiConfig["install"] = "ask") {
    this.#parts = parts;
    this.#install = install;
  }

  facts(): UiFacts {
    return {
      port: this.#port,
      addresses: this.#addresses,
      serverUrl: this.#addresses?.url ?? "",
      pid: this.#tenant?.pid ?? 0,
      viteVersion: this.#viteVersion,
      notices: this.#notices,
      problems: this.#problems,
      vite: this.#tenant?.methods,
    };
  }

  async reserve(): Promise<void> {
    if (!this.#isReserved) await this.#reserve(this.#port === 0 ? undefined : this.#port);
  }

  async start(signal: AbortSignal): Promise<UiRun> {
    const { project, log, installsNow } = this.#parts;
    const vite = await viteOf(this.#parts, installsNow() ? "now" : this.#install, signal);
    return tryPorts(
      () => this.#serveSomewhere(vite, signal),
      async ({ message }) => {
        log.add("warn", `${message}; trying the next one`, { session: project.id });
        await this.stop();
        await this.#reserve(undefined);
      },
    );
  }

  async recompose(): Promise<void> {
    const { pages } = this.#parts.composite();
    const text = pages.join(" ");
    if (this.#tenant === undefined || text === this.#composed) return;
    await this.#tenant.methods.compose(pages);
    this.#composed = text;
  }

  async isAnswering(): Promise<boolean> {
    return (await this.#tenant?.isAnswering()) ?? false;
  }

  lost(): void {
    void this.#tenant?.examine();
  }

  async stop(): Promise<void> {
    const tenant = this.#tenant;
    this.#tenant = undefined;
    await tenant?.stop();
  }

  async release(): Promise<void> {
    // Once given back it may be somebody else's.
    if (!this.#isReserved) return;
    const { ports, caches, project } = this.#parts;
    this.#isReserved = false;
    await ports.release(this.#port);
    await caches.release(project.root);
    this.#problems = [];
  }

  async #reserve(preferred: number | undefined): Promise<void> {
    const { ports, project, externalAddress, changed } = this.#parts;
    const { id, root } = project;
    this.#port = await ports.reserve(preferred, { id, root });
    this.#isReserved = true;
    this.#addresses = addressesOf(this.#port, await externalAddress(this.#port));
    changed();
  }

  /** A host that somebody else ended under it is replaced; each time there are fewer to do so. */
  async #serveSomewhere(vite: ResolvedVite, signal: AbortSignal): Promise<UiRun> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what is meant
      const run = await this.#serve(vite, signal);
      if (run !== undefined) return run;
    }
  }

  /** @returns undefined when the host ended for a reason that is not this project's */
  async #serve(vite: ResolvedVite, signal: AbortSignal): Promise<UiRun | undefined> {
    const { project, viteHosts } = this.#parts;
    const tenant = await viteHosts.take(project, vite, signal);
    if (tenant === undefined) throw notWanted();
    this.#tenant = tenant;
    tenant.listen(this.#events());
    const early = tenant.exited.then((exit) => {
      if (exit.isInnocent) return undefined;
      throw exitError(project, exit);
    });
    const serving = this.#options(vite).then((options) => tenant.methods.serve(options));
    const served = await withinLimits(Promise.race([serving, early]), {
      ms: startTimeoutMs,
      signal,
      late: () => {
        tenant.blame();
        return startTimeout(project);
      },
    });
    if (served === undefined) return undefined;
    this.#take(served, vite);
    viteHosts.prepare(vite);
    return { exited: tenant.exited.then((exit) => this.#exit(tenant, exit)) };
  }

  #options(vite: ResolvedVite): ReturnType<typeof serveOptions> {
    const { project, caches, pipe } = this.#parts;
    const port = this.#port;
    const addresses = this.#addresses ?? addressesOf(port, "");
    const [streaming, composite] = [this.#parts.streaming(), this.#parts.composite()];
    this.#composed = composite.pages.join(" ");
    return serveOptions({ project, vite, addresses, port, pipe, caches, streaming, composite });
  }

  #take({ viteVersion, notices, base }: Served, vite: ResolvedVite): void {
    const { name } = this.#parts.project;
    const ours = `${name} has no Vite of its own: Vitrine's ${vite.version} serves it`;
    this.#viteVersion = viteVersion;
    this.#notices = vite.own ? notices : [ours, ...notices];
    this.#addresses = addressesOf(this.#port, this.#addresses?.outside ?? "", base);
  }

  #exit(tenant: Tenant, exit: TenantExit): UiExit {
    if (this.#tenant === tenant) this.#tenant = undefined;
    const { message } = exitError(this.#parts.project, exit);
    const { lastLines, isInnocent } = exit;
    return { code: "vite_crashed", message, lastLines, isInnocent };
  }

  #events(): ViteServerEvents {
    const { project, log, step, edited, changed } = this.#parts;
    return {
      step: (text) => step(text),
      problemsChanged: (problems) => {
        this.#problems = problems;
        changed();
      },
      served: () => changed(),
      edited,
      logged: ({ level, message, source }) =>
        log.add(level, message, { source, session: project.id }),
    };
  }
}
