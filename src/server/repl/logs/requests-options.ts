/** What the requests of a realm stand on, and whom they tell. */
import type { Clock } from "../../clock.ts";
import type { Background } from "./background.ts";
import type { LogHistory } from "./history.ts";
import type { LogJob, TestJob } from "./log-job.ts";
import type { LogText } from "./log-text.ts";
import type { Replies } from "./replies.ts";
import type { Ending } from "./request.ts";

export interface RequestsListener {
  /** A job waits for its realm. */
  requested(job: LogJob): void;
  /** A job is over, whatever became of it, and its reply is written. */
  ended(job: LogJob, ending: Ending): void;
  /** Something could not be written; the file is as it was. */
  failed(error: unknown): void;
  /** A job went from one state to the next. */
  moved(job: LogJob): void;
  changed(): void;
}

export interface RequestsOptions {
  /** Of the realm. */
  readonly key: string;
  readonly log: LogText;
  readonly history: LogHistory;
  readonly background: Background;
  readonly replies: Replies;
  readonly clock: Clock;
  /** Ms a job may wait, and run, unless it says otherwise. */
  timeoutMs(): number;
  isOnline(): boolean;
  readonly listener: RequestsListener;
}

export interface RequestHow {
  readonly timeoutMs?: number;
  readonly test?: TestJob;
}
