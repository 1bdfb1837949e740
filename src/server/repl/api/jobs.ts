/** Jobs over HTTP: taking one, reporting on it, answering it (15.5 to 15.9). */
import { fenced } from "../../../markdown/log/fences.ts";
import { visibleText } from "../../../markdown/log/visible-text.ts";
import type { LogResult } from "../../../markdown/log/events.ts";
import { toEvents } from "../../realms/poll-messages.ts";
import type { PollChannel } from "../../realms/poll-channel.ts";
import type { Instance } from "../logs/instance.ts";
import { isOver, type LogJob } from "../logs/log-job.ts";
import { plainCode } from "../logs/strip-types.ts";
import { ApiError, refused, type ApiAnswer, type ApiRequest } from "./answers.ts";
import { ackBody, backgroundBody, check, progressBody, resultBody } from "./bodies.ts";

/** Ms a poll waits, by default and at most. */
const wait = { usual: 12_000, most: 30_000 } as const;

export async function acknowledge(instance: Instance, data: unknown): Promise<ApiAnswer> {
  const { jobId, workerId } = check(ackBody, data);
  const job = jobId === undefined ? instance.take(workerId) : known(instance, jobId);
  if (job === undefined) return refused("not-found", "No job waits here");
  const isForeign = workerId !== undefined && job.worker !== undefined && job.worker !== workerId;
  if (isOver(job) || isForeign)
    return refused("conflict", isForeign ? "Another worker has this job" : "The job is over");
  if (job.state === "requested") return refused("conflict", "The job was not handed out yet");
  if (workerId !== undefined) job.worker = workerId;
  instance.started(job);
  const code = jobId === undefined ? { code: await plainCode(job) } : {};
  const startedAt = new Date(job.startedAt ?? Date.now()).toISOString();
  return { status: 200, body: { jobId: job.id, state: "started", startedAt, ...code } };
}

export function poll(
  instance: Instance,
  channel: PollChannel,
  { query, gone }: ApiRequest,
): Promise<ApiAnswer> {
  const asked = Number(query.get("wait") ?? wait.usual);
  const ms = Number.isFinite(asked) ? Math.min(wait.most, Math.max(0, asked)) : wait.usual;
  const worker = query.get("workerId") ?? "";
  return new Promise((resolve) => {
    let failed: (() => void) | undefined;
    const giveUp = channel.wait(
      instance,
      {
        worker,
        takesTypes: query.get("types") === "kept",
        empty: () => resolve({ status: 204 }),
        give(job, code, lost) {
          failed = lost;
          if (gone.aborted) return lost();
          resolve({ status: 200, body: toBody(job, code) });
        },
      },
      ms,
    );
    gone.addEventListener("abort", () => {
      giveUp();
      failed?.();
      resolve({ status: 204 });
    });
  });
}

export async function answer(instance: Instance, jobId: string, data: unknown): Promise<ApiAnswer> {
  const body = check(resultBody, data);
  const job = known(instance, jobId);
  const isForeign =
    job.worker !== undefined &&
    job.worker !== "" &&
    body.workerId !== undefined &&
    job.worker !== body.workerId;
  if (isForeign)
    return refused("conflict", "Another worker has this job", { late: false, written: false });
  const outcome = await instance.result(jobId, toResult(body));
  if (outcome === "written")
    return { status: 200, body: { written: true, etag: instance.log.etag } };
  const message = "The job is over; its result came late";
  return refused("conflict", message, { late: true, written: outcome === "late" });
}

export function progress(instance: Instance, jobId: string, data: unknown): ApiAnswer {
  const { backgroundEvents } = check(progressBody, data);
  const job = known(instance, jobId);
  if (isOver(job)) return refused("conflict", "The job is over");
  instance.progress(toEvents(backgroundEvents));
  return { status: 200, body: { ok: true } };
}

export async function background(instance: Instance, data: unknown): Promise<ApiAnswer> {
  const { events, reportedAt } = check(backgroundBody, data);
  const list = toEvents(events);
  await instance.flush(list, reportedAt);
  return { status: 202, body: { buffered: list.length } };
}

function known(instance: Instance, jobId: string): LogJob {
  const job = instance.findJob(jobId);
  if (job !== undefined) return job;
  throw new ApiError(
    refused("not-found", `There is no job ${jobId.slice(0, 100)} of ${instance.key}`),
  );
}

function toBody(job: LogJob, code: string): object {
  const { id, instance, agent, language, requestedAt, timeoutMs, test } = job;
  return {
    jobId: id,
    instance,
    kind: test === undefined ? "eval" : "test",
    agentName: agent,
    language,
    code,
    requestedAt: new Date(requestedAt).toISOString(),
    timeoutMs,
    ...(test === undefined ? {} : { test }),
  };
}

function toResult(body: ReturnType<typeof check<typeof resultBody>>): LogResult {
  const backgroundEvents = toEvents(body.backgroundEvents);
  if (body.status === "error")
    return { ok: false, error: body.error ?? "failed", backgroundEvents };
  if (body.results !== undefined) {
    const [only, more] = body.results;
    if (only?.info === "JSON" && more === undefined)
      return { ok: true, valueText: visibleText(only.text), backgroundEvents };
    const fences = body.results.map(({ info, text }) => fenced(info, visibleText(text)));
    return { ok: true, fences, backgroundEvents };
  }
  const value = body.testResults ?? body.value;
  return { ok: true, ...(value === undefined ? {} : { value }), backgroundEvents };
}
