/** What a realm posts to the HTTP channel (REPL specification 14), checked: unknown shapes are nothing (18). */
import * as v from "valibot";
import type { LogEvent, LogResult } from "../../markdown/log/events.ts";
import type { TestProgress } from "../../markdown/log/tests.ts";

export type PollMessage =
  | { readonly type: "result"; readonly jobId: string | null; readonly result: LogResult }
  | { readonly type: "flush"; readonly events: readonly LogEvent[]; readonly reportedAt?: string }
  | { readonly type: "worker-init"; readonly mainPage: string }
  | { readonly type: "worker-timeout"; readonly ms: number }
  | { readonly type: "progress"; readonly jobId: string; readonly events: readonly LogEvent[] };

/** Events of one message; of more the first and the last are kept (18.6). */
const eventLimit = 200;
/** Characters of a message or a stack; what a page sends is shown to people. */
const textLimit = 64 * 1024;

const text = v.pipe(
  v.string(),
  v.transform((value) => (value.length > textLimit ? `${value.slice(0, textLimit)}…` : value)),
);
const optional = v.fallback(v.optional(text), undefined);

const event = v.object({
  type: optional,
  level: optional,
  source: optional,
  eventAt: optional,
  message: v.fallback(v.optional(v.pipe(v.unknown(), v.transform(toText))), undefined),
  stack: optional,
  caller: optional,
});

/** Events that are no objects are left out; of too many the middle is. */
const events = v.pipe(
  v.fallback(v.optional(v.array(v.unknown())), undefined),
  v.transform((list) => toEvents(list ?? [])),
);

const progress = v.object({
  realmName: v.pipe(v.string(), v.maxLength(1000)),
  complete: v.boolean(),
  totals: v.object({
    pass: v.number(),
    fail: v.number(),
    skip: v.number(),
    total: v.optional(v.number()),
  }),
  duration: v.number(),
  deltas: v.optional(
    v.object({
      pass: v.optional(v.number()),
      fail: v.optional(v.number()),
      skip: v.optional(v.number()),
    }),
  ),
  recentTests: v.optional(v.array(testItem())),
  allTests: v.optional(v.array(testItem())),
});

/** @returns undefined for what is no message of a realm */
export function toPollMessage(data: unknown): PollMessage | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const body = data as Record<string, unknown>;
  if (body["type"] === undefined) return toResult(body);
  const eventList = v.parse(events, body["events"] ?? body["backgroundEvents"]);
  const reportedAt = body["reportedAt"] ?? body["timestamp"];
  if (body["type"] === "background-flush") {
    const at = typeof reportedAt === "string" ? { reportedAt } : {};
    return { type: "flush", events: eventList, ...at };
  }
  if (body["type"] === "worker-init")
    return { type: "worker-init", mainPage: String(body["mainPage"] ?? "") };
  if (body["type"] === "worker-timeout")
    return { type: "worker-timeout", ms: Math.max(0, Math.round(Number(body["duration"]) || 0)) };
  if (body["type"] === "job-progress" && typeof body["jobId"] === "string")
    return { type: "progress", jobId: body["jobId"], events: eventList };
  return undefined;
}

/** Progress of a test run (12.4); undefined for what is none. */
export function toTestProgress(data: unknown): (TestProgress & { realmName: string }) | undefined {
  const parsed = v.safeParse(progress, data);
  return parsed.success ? (parsed.output as TestProgress & { realmName: string }) : undefined;
}

/** Events as they come over the network. Those of our own messages are not shown (9.1). */
export function toEvents(list: readonly unknown[]): LogEvent[] {
  const kept =
    list.length > eventLimit ? [...list.slice(0, 2), ...list.slice(2 - eventLimit)] : list;
  return kept.flatMap((item) => {
    const parsed = v.safeParse(event, item);
    const isOurs = parsed.success && parsed.output.message?.startsWith("\u{1F47E}") === true;
    return parsed.success && !isOurs ? [withoutMissing(parsed.output)] : [];
  });
}

function toResult(body: Record<string, unknown>): PollMessage | undefined {
  const { ok, jobId, errors } = body;
  if (typeof ok !== "boolean") return undefined;
  const list = body["backgroundEvents"];
  const result: LogResult = {
    ok,
    ...("value" in body ? { value: body["value"] } : {}),
    ...(typeof body["valueNote"] === "string"
      ? { valueNote: body["valueNote"].slice(0, 200) }
      : {}),
    ...(ok ? {} : { error: body["error"] }),
    ...(Array.isArray(list) ? { backgroundEvents: v.parse(events, list) } : {}),
    ...(Array.isArray(errors) && !Array.isArray(list)
      ? { errors: errors.slice(0, eventLimit).map((error) => String(error).slice(0, textLimit)) }
      : {}),
  };
  return { type: "result", jobId: typeof jobId === "string" ? jobId : null, result };
}

function testItem(): v.GenericSchema {
  return v.object({
    name: v.pipe(v.unknown(), v.transform(toText)),
    suite: v.optional(v.nullable(text)),
    status: v.optional(text),
    duration: v.optional(v.number()),
    error: v.optional(v.nullable(text)),
    completedAt: v.optional(text),
    file: v.optional(text),
  });
}

function toText(value: unknown): string {
  const whole = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return whole.slice(0, textLimit);
}

function withoutMissing(fields: Readonly<Record<string, string | undefined>>): LogEvent {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as LogEvent;
}
