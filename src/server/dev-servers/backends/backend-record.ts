/** What is known of a back end, as one immutable snapshot, and who hears of a new one. */
import type { DevServerFailure, DevServerState, PartStatus } from "../../../protocol/dev-server.ts";
import { nextBackendStatus, type BackendEvent } from "../part-status.ts";

/** The part of `DevServerState` that a back end knows, under its names. Units as there. */
export interface BackendFacts extends Pick<
  DevServerState,
  "lastBuildDuration" | "lastBuildTime" | "lastError" | "generation" | "nextRestartAt" | "errors"
> {
  /** `goStatus` and `backendStatus`. */
  readonly status: PartStatus;
  /** `grpcConnected` and `backendConnected`. A back end that is only built is connected once it was built. */
  readonly connected: boolean;
  /** `backendPid`. */
  readonly pid: number;
  /** `restarts.backend`. */
  readonly restarts: number;
  /** What kind of failure `lastError` tells of; says something only while the status is `error`. */
  readonly failure: DevServerFailure | undefined;
  /** As its handshake said it, empty when unknown. */
  readonly address: string;
}

export interface BackendRecord {
  facts(): BackendFacts;
  /** Takes over what another event than `changed` tells. */
  note(facts: Partial<BackendFacts>): void;
  /** The facts changed, the status did not. */
  publish(facts: Partial<BackendFacts>): void;
  /** The status changes as the table of 3.2 says; what is not in the table is told as a bug and does not happen. */
  move(event: BackendEvent, facts: Partial<BackendFacts>, wanted?: PartStatus): void;
}

export function createBackendRecord(options: {
  changed(): void;
  impossible(message: string): void;
}): BackendRecord {
  let facts: BackendFacts = {
    status: "idle",
    connected: false,
    pid: 0,
    address: "",
    failure: undefined,
    generation: 0,
    restarts: 0,
    lastBuildDuration: 0,
    lastBuildTime: "",
    lastError: "",
    nextRestartAt: "",
    errors: [],
  };
  const note = (changed: Partial<BackendFacts>): void => {
    facts = { ...facts, ...changed };
  };
  const publish = (changed: Partial<BackendFacts>): void => {
    note(changed);
    options.changed();
  };
  return {
    facts: () => facts,
    note,
    publish,
    move(event, changed, wanted) {
      const status = nextBackendStatus(facts.status, event, wanted);
      if (status === undefined)
        return options.impossible(`${event} cannot happen to a back end that is ${facts.status}`);
      publish({ ...changed, status });
    },
  };
}
