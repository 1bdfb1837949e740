/** Pages served by a Vite host of ours. */
import type { Problem } from "../../../protocol/model.ts";
import type { Served, ViteHostEvents } from "../../../protocol/vite-host.ts";
import type { UiConfig } from "../../dev-servers/project-config.ts";
import type { ResolvedVite } from "../../vite-host/resolve-vite.ts";
import type { ViteHost } from "../../vite-host/vite-host.ts";
import { addressesOf, type Addresses } from "../addresses.ts";
import { serveOptions } from "../serve-options.ts";
import { exitError, startTimeout } from "../session-faults.ts";
import { isAnswering } from "./answers.ts";
import { viteOf } from "./install.ts";
import { tryPorts, withinLimits } from "./limits.ts";
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
  #host: ViteHost | undefined;
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
      pid: this.#host?.pid ?? 0,
      viteVersion: this.#viteVersion,
      notices: this.#notices,
      problems: this.#problems,
      host: this.#host,
    };
  }

  async reserve(): Promise<void> {
    if (!this.#isReserved) await this.#reserve(this.#port === 0 ? undefined : this.#port);
  }

  async start(signal: AbortSignal): Promise<UiRun> {
    const { project, log, installsNow } = this.#parts;
    const vite = await viteOf(this.#parts, installsNow() ? "now" : this.#install, signal);
    return tryPorts(
      () => this.#serve(vite, signal),
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
    if (this.#host === undefined || text === this.#composed) return;
    await this.#host.methods.compose(pages);
    this.#composed = text;
  }

  isAnswering(): Promise<boolean> {
    return isAnswering(this.#addresses?.url ?? "");
  }

  async stop(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    await host?.stop();
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

  async #serve(vite: ResolvedVite, signal: AbortSignal): Promise<UiRun> {
    const { project, warmHost } = this.#parts;
    const host = warmHost.take(vite.url);
    this.#host = host;
    host.listen(this.#hostEvents());
    const early = host.exited.then((exit) => {
      throw exitError(project, exit);
    });
    const serving = this.#options(vite).then((options) => host.methods.serve(options));
    this.#take(
      await withinLimits(Promise.race([serving, early]), {
        ms: startTimeoutMs,
        signal,
        late: () => startTimeout(project),
      }),
      vite,
    );
    warmHost.prepare(vite.url);
    return { exited: this.#exit(host) };
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

  async #exit(host: ViteHost): Promise<UiExit> {
    const exit = await host.exited;
    if (this.#host === host) this.#host = undefined;
    const { message } = exitError(this.#parts.project, exit);
    return { code: "vite_crashed", message, lastLines: exit.lastLines };
  }

  #hostEvents(): ViteHostEvents {
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
