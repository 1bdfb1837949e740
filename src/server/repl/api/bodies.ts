/** Bodies of the REPL's HTTP API, checked (REPL specification 15). */
import * as v from "valibot";
import { UserError } from "../../../protocol/errors.ts";

/** Characters of a chunk (decision 34). */
const chunkLimit = 256 * 1024;
/** Ms an answer may be waited for, and a job may run. */
const waitLimit = 60_000;
const runLimit = 600_000;

const short = v.pipe(v.string(), v.maxLength(1000));
const ms = (limit: number) => v.pipe(v.number(), v.minValue(0), v.maxValue(limit));
const list = v.optional(v.array(v.unknown()), []);
const globs = v.union([short, v.pipe(v.array(short), v.maxLength(1000))]);

export const appendBody = v.object({
  agentName: v.optional(v.pipe(v.string(), v.regex(/^[^\s*]{1,60}$/)), "agent"),
  chunk: v.string(),
  ifMatch: v.optional(short),
  keepDraft: v.optional(v.boolean(), false),
  waitMs: v.optional(ms(waitLimit), 0),
  timeoutMs: v.optional(ms(runLimit)),
});

export const ackBody = v.object({ jobId: v.optional(short), workerId: v.optional(short) });

export const resultBody = v.object({
  status: v.picklist(["ok", "error"]),
  value: v.optional(v.unknown()),
  results: v.optional(
    v.pipe(
      v.array(
        v.object({
          info: v.pipe(v.string(), v.regex(/^[\w .-]{0,40}$/)),
          text: v.string(),
        }),
      ),
      v.maxLength(100),
    ),
  ),
  error: v.optional(v.unknown()),
  testResults: v.optional(v.record(v.string(), v.unknown())),
  backgroundEvents: list,
  workerId: v.optional(short),
});

export const progressBody = v.object({ backgroundEvents: list });
export const backgroundBody = v.object({ events: list, reportedAt: v.optional(short) });

export const registerBody = v.object({
  workerName: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)),
  parentPage: v.optional(short),
  url: v.optional(short),
});

export const heartbeatBody = v.object({
  state: v.optional(v.picklist(["ok", "unresponsive", "restarted", "gone"]), "ok"),
  silentMs: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});

export const testsBody = v.object({
  instance: v.optional(short),
  page: v.optional(short),
  files: v.optional(globs),
  exclude: v.optional(globs),
  names: v.optional(v.pipe(v.array(short), v.maxLength(10_000))),
  timeoutMs: v.optional(ms(120_000)),
  waitMs: v.optional(ms(180_000), 0),
  metadata: v.optional(
    v.object({ agentName: v.optional(v.pipe(v.string(), v.regex(/^[^\s*]{1,60}$/))) }),
  ),
});

/** @throws UserError `bad_request` that says which field is wrong, `too_large` for a chunk over 256 KiB */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  const chunk = (body as { chunk?: unknown } | null)?.chunk;
  if (typeof chunk === "string" && chunk.length > chunkLimit)
    throw new UserError("too_large", "The chunk is larger than 256 KiB; append it in parts");
  const checked = v.safeParse(schema, body);
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  throw new UserError(
    "bad_request",
    `${v.getDotPath(issue) ?? "The body"}: ${issue.message.slice(0, 300)}`,
  );
}
