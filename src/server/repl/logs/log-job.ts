/** Jobs of logs: one block being executed (REPL specification 5 and 7). */
import { randomBytes } from "node:crypto";

/** `requested` until a realm has it; the states behind the line are final. */
export type JobState =
  | "requested"
  | "dispatched"
  | "started"
  // ---
  | "finished"
  | "failed"
  | "timeout"
  | "lost"
  | "cancelled";

/** A test run that a job stands for (15.11). */
export interface TestJob {
  readonly runId: string;
  readonly files: readonly string[];
  readonly timeoutMs: number;
}

export interface LogJob {
  readonly id: string;
  /** Key of the instance that runs it. */
  readonly instance: string;
  readonly agent: string;
  /** As the agent wrote it, line feeds. */
  readonly code: string;
  readonly language: "js" | "ts";
  /** Epoch ms. */
  readonly requestedAt: number;
  readonly timeoutMs: number;
  /** Of the request's blocks, 0-based. */
  readonly blockIndex: number;
  readonly blockCount: number;
  /** The request heading in the file. */
  readonly heading: string;
  readonly test?: TestJob;
  state: JobState;
  /** Epoch ms. */
  dispatchedAt?: number;
  startedAt?: number;
  /** Who took it over the HTTP API, when it said so. */
  worker?: string;
}

/** 128 random bits: an id from before a restart is never mistaken for one of now (decision 33). */
export function newJobId(): string {
  return randomBytes(16).toString("base64url");
}

export function isOver({ state }: LogJob): boolean {
  return !["requested", "dispatched", "started"].includes(state);
}

/** Whether a realm has the job. */
export function isRunning({ state }: LogJob): boolean {
  return state === "dispatched" || state === "started";
}
