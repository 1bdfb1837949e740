/** `POST /instances/{name}/append`: a request over HTTP instead of a save (15.4). */
import type { LogResult } from "../../../markdown/log/events.ts";
import { readRequestHeading } from "../../../markdown/log/headings.ts";
import { toLines } from "../../../markdown/log/lines.ts";
import { parseChunk } from "../../../markdown/log/requests.ts";
import type { Instance } from "../logs/instance.ts";
import type { Ending, LogRequest } from "../logs/request.ts";
import { ApiError, etagOf, refused, type ApiAnswer } from "./answers.ts";
import { appendBody, check } from "./bodies.ts";

export async function append(instance: Instance, data: unknown): Promise<ApiAnswer> {
  const body = check(appendBody, data);
  const parsed = parseChunk(toLines(body.chunk), instance.key);
  if (parsed.draft !== undefined && !body.keepDraft)
    return { status: 200, body: { accepted: false, draft: true, reason: parsed.draft } };
  const request = await instance.append(withHeading(body.chunk, body.agentName, instance.key), {
    ...(body.timeoutMs === undefined ? {} : { timeoutMs: body.timeoutMs }),
    check: (text) => checkMatch(text, body.ifMatch),
  });
  if (parsed.draft !== undefined)
    return { status: 200, body: { accepted: false, draft: true, reason: parsed.draft } };
  if (request !== undefined && body.waitMs > 0) {
    const results = await waitFor(instance, request, body.waitMs);
    if (results !== undefined)
      return { status: 200, body: { accepted: true, jobIds: request.ids, results } };
  }
  const { etag } = instance.log;
  const state = request === undefined ? "queued" : "requested";
  return { status: 202, body: { accepted: true, jobIds: request?.ids ?? [], state, etag } };
}

/** A heading in the chunk wins over the agent of the call. */
function withHeading(chunk: string, agent: string, name: string): string {
  const hasHeading = toLines(chunk).some(({ text }) => readRequestHeading(text) !== undefined);
  return hasHeading ? chunk : `### \u{1F5E3}\uFE0F${agent} to ${name} at 00:00:00\n${chunk}`;
}

function checkMatch(text: string, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  const etag = etagOf(text);
  if (ifMatch === etag || `"${ifMatch}"` === etag) return;
  const message =
    "The log was changed since it was read. Read it again and append to what it says now";
  throw new ApiError(refused("conflict", message, { etag }));
}

/** Results of all blocks that ran, once the last one is over; undefined when the time is over first. */
function waitFor(
  instance: Instance,
  request: LogRequest,
  ms: number,
): Promise<readonly object[] | undefined> {
  return new Promise((resolve) => {
    const look = (): void => {
      const results = request.ids.flatMap((jobId) => {
        const ending = instance.endingOf(jobId);
        return ending === undefined
          ? []
          : [{ jobId, ...toResult(ending, instance.findJob(jobId)) }];
      });
      const last = request.ids.map((id) => instance.endingOf(id)).findLast(Boolean);
      const isOver = results.length === request.ids.length || last?.result.ok === false;
      if (isOver) finish(results);
    };
    const finish = (results: readonly object[] | undefined): void => {
      clearTimeout(timer);
      unlisten();
      resolve(results);
    };
    const timer = setTimeout(finish, ms, undefined);
    const unlisten = instance.onEnded(look);
    look();
  });
}

function toResult(
  { state, result, at }: Ending,
  job: { readonly dispatchedAt?: number } | undefined,
): object {
  const durationMs = job?.dispatchedAt === undefined ? 0 : at - job.dispatchedAt;
  return { status: state, durationMs, ...valueOf(result) };
}

function valueOf({ ok, value, valueText, error }: LogResult): object {
  if (!ok) return { error };
  if (valueText === undefined) return value === undefined ? {} : { value };
  try {
    return { value: JSON.parse(valueText) as unknown };
  } catch {
    // A bare string, or JSON that was cut.
    return { value: valueText };
  }
}
