/**
 * The projects in one Vite host: usually one, several where it is shared. The host ends with its last tenant. When it ends by
 * itself, they learn which of them did it, as far as that can be known (decision 5).
 */
import type { ViteServerEvents, ViteServerMethods } from "../../protocol/vite-host.ts";
import { createSlots } from "../slots.ts";
import { within } from "../within.ts";
import { stopGraceMs, type ViteHost, type ViteHostExit } from "./vite-host.ts";

export interface TenantExit extends Omit<ViteHostExit, "endedBy"> {
  /** The tenant's own configuration was loading. */
  readonly loadingConfig: boolean;
  /** It was ended by us, because it did not answer any more. */
  readonly hung: boolean;
  /** There were others, and nothing says that this one did it. */
  readonly isInnocent: boolean;
}

/** One project in a Vite host. */
export interface Tenant {
  readonly pid: number;
  readonly methods: Omit<ViteServerMethods, "close">;
  /** Never resolves for one that was stopped while others go on. */
  readonly exited: Promise<TenantExit>;
  listen(events: ViteServerEvents): void;
  /** Its start does not end: whatever becomes of the host now, this one did it. */
  blame(): void;
  /** Whether its process answers at all. */
  isAnswering(): Promise<boolean>;
  /** It does not answer. A host that does not answer either is ended, for the sake of its other tenants. */
  examine(): Promise<void>;
  /** Asks it to close, and the host to end with the last one. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface TenantsOptions {
  readonly host: ViteHost;
  /** The host ended without being asked to. @param culprits none where that is not known */
  crashed?(tenants: readonly string[], culprits: readonly string[], exit: ViteHostExit): void;
}

/** Ms for an answer that needs no work: a host that is only busy gives it in time. */
const pingMs = 5000;
/** The same for a look that is repeated (dev-servers 3.2). */
const probeMs = 2000;

interface Resident {
  loadingConfig: boolean;
  isServing: boolean;
  isBlamed: boolean;
  readonly left: (exit: TenantExit) => void;
}

export class Tenants {
  readonly #host: ViteHost;
  readonly #crashed: TenantsOptions["crashed"];
  readonly #residents = new Map<string, Resident>();
  /** They load their configurations one after the other: the working directory is shared, and so it is known whose loads. */
  readonly #turns = createSlots(() => 1);
  /** Residents, and those that wait to be. */
  #expected = 0;
  #isOpen = true;
  #hung = false;

  constructor({ host, crashed }: TenantsOptions) {
    this.#host = host;
    this.#crashed = crashed;
    void host.exited.then((exit) => this.#ended(exit));
  }

  /** Whether another one may come. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get names(): readonly string[] {
    return [...this.#residents.keys()];
  }

  /** Waits for its turn. @returns undefined when the host, or the wish for it, was gone by then */
  async admit(project: string, signal: AbortSignal): Promise<Tenant | undefined> {
    this.#expected++;
    const giveBack = await this.#turns.take(signal);
    if (giveBack !== undefined && this.#isOpen) return this.#settle(project, giveBack);
    giveBack?.();
    await this.#leave();
    return undefined;
  }

  #settle(project: string, giveBack: () => void): Tenant {
    const host = this.#host;
    let left = (_exit: TenantExit): void => {};
    const exited = new Promise<TenantExit>((resolve) => (left = resolve));
    const resident: Resident = { loadingConfig: false, isServing: false, isBlamed: false, left };
    this.#residents.set(project, resident);
    return {
      pid: host.pid,
      exited,
      methods: {
        serve: async (options) => {
          const served = await host.methods.serve(project, options).finally(giveBack);
          resident.isServing = true;
          return served;
        },
        resolveImports: (...args) => host.methods.resolveImports(project, ...args),
        mapPosition: (...args) => host.methods.mapPosition(project, ...args),
        compose: (...args) => host.methods.compose(project, ...args),
      },
      listen: (events) =>
        host.listen(project, {
          ...events,
          step: (text, config) => {
            resident.loadingConfig = config;
            events.step(text, config);
          },
        }),
      blame: () => {
        resident.isBlamed = true;
      },
      isAnswering: () => this.#answers(probeMs),
      examine: () => this.#examine(),
      stop: async () => {
        await this.#stop(project, resident);
        giveBack();
      },
    };
  }

  async #stop(project: string, resident: Resident): Promise<void> {
    if (this.#residents.get(project) !== resident) return;
    const isAlone = this.#expected === 1;
    // Nothing waits for a start that is given up, unless others need the process.
    const hasClosed = isAlone && !resident.isServing ? true : await this.#closes(project);
    if (!hasClosed && !isAlone) await this.#examine();
    this.#residents.delete(project);
    await this.#leave(hasClosed ? "SIGTERM" : "SIGKILL");
  }

  #closes(project: string): Promise<boolean> {
    const closing = this.#host.methods.close(project).then(
      () => true,
      // What failed to close is as good as closed.
      () => true,
    );
    return within(closing, stopGraceMs, false);
  }

  async #leave(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#expected--;
    if (this.#expected > 0) return;
    this.#isOpen = false;
    await this.#host.end(signal);
  }

  async #examine(): Promise<void> {
    if (!this.#isOpen || this.#residents.size < 2) return;
    if (await this.#answers(pingMs)) return;
    if (!this.#isOpen) return;
    this.#hung = true;
    await this.#host.end("SIGKILL");
  }

  /** Asked over its channel: a request for a page would cost an idle host twenty times as much. */
  #answers(ms: number): Promise<boolean> {
    const answer = this.#host.methods.ping().then(
      () => true,
      () => true,
    );
    return within(answer, ms, false);
  }

  #ended(exit: ViteHostExit): void {
    const isAsked = !this.#isOpen;
    this.#isOpen = false;
    if (isAsked) return;
    const residents = [...this.#residents];
    const culprits = culpritsAmong(residents, exit.endedBy);
    const { code, signal, lastLines } = exit;
    this.#residents.clear();
    this.#crashed?.(
      residents.map(([project]) => project),
      culprits,
      exit,
    );
    for (const [project, { loadingConfig, left }] of residents) {
      const isInnocent = residents.length > 1 && !culprits.includes(project);
      left({ code, signal, lastLines, loadingConfig, hung: this.#hung, isInnocent });
    }
  }
}

/** What the process said last is surest; then a start that did not end; then a configuration that was loading. */
function culpritsAmong(
  residents: readonly (readonly [string, Resident])[],
  endedBy: string | undefined,
): readonly string[] {
  const those = (is: (project: string, resident: Resident) => boolean): string[] =>
    residents.filter(([project, resident]) => is(project, resident)).map(([project]) => project);
  const known = [
    those((project) => project === endedBy),
    those((_project, { isBlamed }) => isBlamed),
    those((_project, { loadingConfig }) => loadingConfig),
  ];
  return known.find((list) => list.length > 0) ?? [];
}
