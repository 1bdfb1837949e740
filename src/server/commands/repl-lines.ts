/** What `vitrine repl` prints about its realms and jobs: lines for a person, or objects for a program (REPL 15.12, 16.3). */
import type { ReplPolicy } from "../repl/logs/create-repls.ts";
import type { Instance } from "../repl/logs/instance.ts";
import type { LogJob } from "../repl/logs/log-job.ts";
import type { Ending } from "../repl/logs/request.ts";
import { printLine } from "./output.ts";

export interface LineOptions {
  /** `json` for one object per line on standard error. */
  readonly log?: string;
  readonly json?: boolean;
}

/** One line per realm, request and reply (16.3), or with `--log=json` one object per line on standard error (15.12). */
export function reporters({
  log,
  json,
}: LineOptions): Pick<ReplPolicy, "joined" | "left" | "moved" | "ended"> {
  if (log === "json")
    return {
      joined: ({ key }) => logJson({ ev: "realm.online", instance: key }),
      left: ({ key }) => logJson({ ev: "realm.offline", instance: key }),
      moved: (instance, job) => logJson(jobLine(instance, job)),
    };
  if (json === true) return {};
  return {
    joined: ({ key, log: { file } }) => printLine(`${key}  ${file}`),
    moved: (instance, job) => {
      if (job.state !== "requested") return;
      printLine(`${job.agent} → ${instance.key}  ${beginning(job.code, 20)}...`);
    },
    ended: (instance, job, ending) =>
      printLine(`${instance.key} → ${job.agent}  ${outcome(job, ending)}`),
  };
}

function jobLine(instance: Instance, job: LogJob): object {
  const ms = job.dispatchedAt === undefined ? {} : { ms: Date.now() - job.dispatchedAt };
  return { ev: `job.${job.state}`, instance: instance.key, jobId: job.id, ...ms };
}

/** One object on standard error. */
export function logJson(line: object): void {
  process.stderr.write(`${JSON.stringify({ t: new Date().toISOString(), ...line })}\n`);
}

function outcome({ dispatchedAt }: LogJob, { result, at }: Ending): string {
  const ms = dispatchedAt === undefined ? 0 : at - dispatchedAt;
  const text = result.ok
    ? (result.valueText ?? JSON.stringify(result.value) ?? "undefined")
    : String(result.error);
  return `${result.ok ? "succeeded" : "failed"} ${ms}ms  ${beginning(text, 100)}`;
}

/** Of what comes from files and pages nothing may steer the terminal. */
function beginning(text: string, length: number): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not come through
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ");
  return plain.trim().slice(0, length);
}
