/** What an instance stands on, and whom it tells. */
import type { RealmKind } from "../../../protocol/model.ts";
import type { Clock } from "../../clock.ts";
import type { LogHistory } from "./history.ts";
import type { Instance } from "./instance.ts";
import type { LogJob } from "./log-job.ts";
import type { LogText } from "./log-text.ts";
import type { Ending } from "./request.ts";
import type { RequestHow } from "./requests-options.ts";

export interface InstanceListener {
  /** State, contact or file changed. */
  changed(instance: Instance): void;
  /** A job waits for its realm. */
  requested(instance: Instance, job: LogJob): void;
  /** A job is over, whatever became of it, and its reply is written. */
  ended(instance: Instance, job: LogJob, ending: Ending): void;
  /** Something could not be written; the file is as it was. */
  failed(instance: Instance, error: unknown): void;
  /** A job went from one state to the next. */
  moved(instance: Instance, job: LogJob): void;
}

export interface InstanceOptions {
  readonly key: string;
  readonly kind: RealmKind | "remote";
  readonly log: LogText;
  readonly history: LogHistory;
  readonly clock: Clock;
  /** Ms a job may wait, and run, unless it says otherwise. */
  timeoutMs(): number;
  readonly listener: InstanceListener;
}

export interface AppendOptions extends RequestHow {
  /** Called with the text that the chunk would be appended to; throws to refuse. */
  check?(text: string): void;
}
