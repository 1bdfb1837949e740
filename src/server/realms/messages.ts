/** Checks what a page says. A page runs code we did not write: only known shapes pass (N-11). */
import * as v from "valibot";
import { REALM_LIMITS, type FromRealm } from "../../protocol/realm.ts";

const line = v.pipe(v.string(), v.maxLength(REALM_LIMITS.lineCharacters + 200));
/** Characters of a stack. */
const stackCharacters = 64 * 1024;
/** Values that one block may show. */
const outputsLimit = 100;
const short = v.pipe(v.string(), v.maxLength(4096));
const level = v.picklist(["debug", "log", "info", "warn", "error"]);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const job = v.pipe(v.string(), v.regex(/^[\w-]{16,64}$/));
const error = v.object({
  name: short,
  message: line,
  stack: v.pipe(v.string(), v.maxLength(stackCharacters)),
});

const valueText = v.pipe(v.string(), v.maxLength(REALM_LIMITS.valueCharacters + 1000));
const value = v.variant("kind", [
  v.object({ kind: v.literal("undefined") }),
  v.object({
    kind: v.literal("json"),
    text: valueText,
    missing: count,
    note: v.optional(v.literal("not plain JSON")),
  }),
  v.object({ kind: v.literal("text"), text: valueText, missing: count }),
]);

/** Tests of one progress message: what it reads stays below the size of a message. */
const testsLimit = 20_000;
const date = v.pipe(v.string(), v.maxLength(40));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const tests = v.pipe(
  v.array(
    v.object({
      name: short,
      suite: v.nullable(short),
      status: v.picklist(["pass", "fail", "skip"]),
      duration: milliseconds,
      error: v.nullable(v.pipe(v.string(), v.maxLength(stackCharacters))),
      completedAt: date,
    }),
  ),
  v.maxLength(testsLimit),
);
const testProgress = v.object({
  realmName: v.pipe(v.string(), v.maxLength(100)),
  complete: v.boolean(),
  reportedAt: date,
  totals: v.object({ pass: count, fail: count, skip: count, total: count }),
  duration: milliseconds,
  recentTests: v.optional(tests),
  allTests: v.optional(tests),
});

const instance = v.pipe(v.string(), v.regex(/^[\w-]{8,64}$/));

const message = v.variant("type", [
  v.object({
    type: v.literal("hello"),
    kind: v.picklist(["page", "worker", "iframe", "node"]),
    instance,
    name: v.pipe(v.string(), v.regex(/^[a-z0-9-]{0,100}$/)),
    url: short,
    title: short,
    frame: v.pipe(v.string(), v.maxLength(200)),
    parent: v.optional(instance),
    label: v.optional(short),
    companion: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal("navigated"), url: short, title: short }),
  v.object({
    type: v.literal("console"),
    entries: v.pipe(
      v.array(
        v.object({
          level,
          text: line,
          at: v.number(),
          stack: v.optional(v.pipe(v.string(), v.maxLength(stackCharacters))),
          job: v.optional(job),
        }),
      ),
      v.maxLength(2000),
    ),
    dropped: count,
  }),
  v.object({
    type: v.literal("uncaught"),
    error,
    at: v.number(),
    job: v.optional(job),
    source: v.picklist([
      "window.onerror",
      "self.onerror",
      "unhandledrejection",
      "uncaughtException",
    ]),
  }),
  v.object({ type: v.literal("started"), job }),
  v.object({
    type: v.literal("finished"),
    job,
    value: v.optional(value),
    error: v.optional(error),
    outputs: v.optional(v.pipe(v.array(value), v.maxLength(outputsLimit))),
    events: v.pipe(v.array(v.object({ level, text: line })), v.maxLength(REALM_LIMITS.runLines)),
    missing: count,
    ms: milliseconds,
  }),
  v.object({ type: v.literal("resolve"), ask: count, file: short, specifier: short }),
  v.object({ type: v.literal("worker-timeout"), silentMs: milliseconds, restarted: v.boolean() }),
  v.object({ type: v.literal("worker-failed"), message: short }),
  v.object({
    type: v.literal("service-workers"),
    workers: v.pipe(
      v.array(v.object({ url: short, scope: short, state: v.pipe(v.string(), v.maxLength(20)) })),
      v.maxLength(20),
    ),
  }),
  v.object({ type: v.literal("test-progress"), job, progress: testProgress }),
  v.object({ type: v.literal("restart-plugin"), id: short }),
  v.object({ type: v.literal("pong") }),
]);

/** @returns the message, or undefined when it has no known shape */
export function toFromRealm(data: unknown): FromRealm | undefined {
  const parsed = v.safeParse(message, data);
  return parsed.success ? (parsed.output as FromRealm) : undefined;
}
