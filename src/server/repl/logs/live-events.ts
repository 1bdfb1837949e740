/** What our own client says, as events and results of logs (REPL specification 8 and 9.1). */
import type { LogEvent, LogResult } from "../../../markdown/log/events.ts";
import type { FromRealm, RealmValue } from "../../../protocol/realm.ts";
import type { JobOutcome } from "../outcome.ts";

type ConsoleMessage = Extract<FromRealm, { type: "console" }>;
type UncaughtMessage = Extract<FromRealm, { type: "uncaught" }>;

/** Characters of an event's message (9.1). */
const messageCharacters = 1000;

export function consoleEvent({
  level,
  text,
  at,
  stack,
}: ConsoleMessage["entries"][number]): LogEvent {
  const caller = stack?.split("\n").find((line) => /^\s*at /.test(line));
  return {
    type: "console",
    level,
    eventAt: new Date(at).toISOString(),
    message: text.length > messageCharacters ? `${text.slice(0, messageCharacters)}…` : text,
    ...(caller === undefined ? {} : { caller: caller.trim() }),
  };
}

export function uncaughtEvent({ error, at, source }: UncaughtMessage): LogEvent {
  const { name, message, stack } = error;
  return {
    type: "error",
    source,
    eventAt: new Date(at).toISOString(),
    message: name === "" ? message : `${name}: ${message}`,
    stack,
  };
}

/** Events of the run came over the console already. */
export function resultOf({ state, value, error }: JobOutcome): LogResult {
  if (state !== "ok") return { ok: false, error: error ?? "failed" };
  return { ok: true, ...(value === undefined ? {} : valueOf(value)) };
}

function valueOf(value: RealmValue): Partial<LogResult> {
  if (value.kind === "undefined") return {};
  const { text, missing } = value;
  const valueText = missing === 0 ? text : `${text}\n... (${missing} more characters omitted) ...`;
  return value.kind === "json" && value.note !== undefined
    ? { valueText, valueNote: value.note }
    : { valueText };
}
