/** One attached server: whether it lives and answers, looked at every 5 s (dev-servers 6.2). It is never signalled. */
import {
  aggregateOf,
  type DevInfo,
  type DevServerState,
  type PartStatus,
} from "../../../protocol/dev-server.ts";
import type { Clock } from "../../clock.ts";
import { lifeOf } from "../../processes.ts";
import type { Owner } from "./places.ts";
import { uiAddress, uiPort } from "./dev-info.ts";
import { probeBackend, probeUi } from "./probes.ts";

/** What an attached server contributes to the state of its project. */
export type ExternalPart = Pick<
  DevServerState,
  | "pluginID"
  | "mode"
  | "devPath"
  | "vitePort"
  | "viteURL"
  | "viteStatus"
  | "goStatus"
  | "lastError"
  | "grpcConnected"
  | "hasUI"
  | "hasBackend"
  | "backendStatus"
  | "backendConnected"
  | "aggregate"
  | "uiPid"
  | "backendPid"
  | "external"
>;

export interface AttachmentOptions {
  readonly owner: Owner;
  /** Absolute. */
  readonly file: string;
  /** Its text, as it was read. */
  readonly text: string;
  readonly info: DevInfo;
  /** Start time of the process, where it could be seen. */
  readonly start: string | undefined;
  readonly clock: Clock;
  /** Ms between two looks. */
  readonly healthMs: number;
  /** Some fact is another one than before. */
  changed(): void;
  died(): void;
  /** Each look begins with it: an event of the file may have been lost. */
  looking(): void;
}

/** Missed probes in a row until a part counts as lost. */
const missesOf = { backend: 2, ui: 3 } as const;

/** Facts of a probed part. `seen` = it has answered at least once. */
interface Answers {
  seen: boolean;
  misses: number;
}

export class Attachment {
  readonly options: AttachmentOptions;
  #backend: Answers = { seen: false, misses: 0 };
  #ui: Answers = { seen: false, misses: 0 };
  #endLooks: (() => void) | undefined;
  #isProbing = false;
  #isOver = false;

  constructor(options: AttachmentOptions) {
    this.options = options;
  }

  /** Probes once, then goes on looking until it is detached. */
  async open(): Promise<void> {
    await this.#probe();
    if (this.#isOver) return;
    const { clock, healthMs } = this.options;
    this.#endLooks = clock.every(healthMs, () => void this.#look());
  }

  /** Forgets the process; it lives on. */
  detach(): void {
    this.#isOver = true;
    this.#endLooks?.();
  }

  part(): ExternalPart {
    const { owner, info } = this.options;
    const address = uiAddress(info);
    const hasUI = address !== "";
    const hasBackend = info.addr !== "";
    const viteStatus = hasUI ? this.#uiStatus() : "idle";
    const backendConnected = hasBackend && isUp(this.#backend, missesOf.backend);
    const backendStatus: PartStatus = hasBackend
      ? backendConnected
        ? "ready"
        : "running"
      : "idle";
    return {
      pluginID: owner.id,
      mode: "external",
      devPath: owner.root,
      vitePort: uiPort(info),
      viteURL: viteStatus === "error" ? "" : address.replace(/\/$/, ""),
      viteStatus,
      goStatus: backendStatus,
      lastError:
        viteStatus === "error" ? `${address} no longer answers; look at its own terminal` : "",
      grpcConnected: backendConnected,
      hasUI,
      hasBackend,
      backendStatus,
      backendConnected,
      aggregate: aggregateOf({ hasUI, hasBackend, viteStatus, backendStatus, backendConnected }),
      uiPid: hasBackend ? 0 : info.pid,
      backendPid: hasBackend ? info.pid : 0,
      external: info,
    };
  }

  #uiStatus(): PartStatus {
    if (!this.#ui.seen) return "running";
    return isUp(this.#ui, missesOf.ui) ? "ready" : "error";
  }

  async #probe(): Promise<void> {
    const { info } = this.options;
    const address = uiAddress(info);
    const [backend, ui] = await Promise.all([
      info.addr !== "" && probeBackend(info.addr),
      address !== "" && probeUi(address),
    ]);
    this.#backend = counted(this.#backend, backend);
    this.#ui = counted(this.#ui, ui);
  }

  async #look(): Promise<void> {
    const { info, start, changed, died, looking } = this.options;
    looking();
    const { alive } = await lifeOf(info.pid, start);
    if (this.#isOver) return;
    if (!alive) return died();
    // A server that answers late must not make its death known late.
    if (this.#isProbing) return;
    this.#isProbing = true;
    const before = JSON.stringify(this.part());
    await this.#probe();
    this.#isProbing = false;
    if (!this.#isOver && JSON.stringify(this.part()) !== before) changed();
  }
}

function counted({ seen, misses }: Answers, isAnswered: boolean): Answers {
  return { seen: seen || isAnswered, misses: isAnswered ? 0 : misses + 1 };
}

function isUp({ seen, misses }: Answers, limit: number): boolean {
  return seen && misses < limit;
}
