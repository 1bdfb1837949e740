/** Events of a realm as a log shows them (section 9), and the result they belong to (section 8). */
import { fenced } from "./fences.ts";
import { clockFmt } from "./format.ts";
import { SIGNS } from "./headings.ts";
import { visibleText } from "./visible-text.ts";

/** A console call or an uncaught error, as realms send it (9.1). */
export interface LogEvent {
  /** `console`, `error`; others are unknown events with a message. */
  readonly type?: string;
  readonly level?: string;
  readonly source?: string;
  /** ISO 8601. */
  readonly eventAt?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly caller?: string;
}

/** What a realm answers to a job (section 14). */
export interface LogResult {
  readonly ok: boolean;
  /** Absent for undefined. */
  readonly value?: unknown;
  /** The value as text where the realm made it: then `value` is not looked at. */
  readonly valueText?: string;
  /** Shown as the last line of the fence: `// not plain JSON`. */
  readonly valueNote?: string;
  readonly error?: unknown;
  /** Whole fences that stand for the value, one after the other. */
  readonly fences?: readonly string[];
  readonly backgroundEvents?: readonly LogEvent[];
  /** Events between the first and the last that somebody left out already. */
  readonly missingEvents?: number;
  /** Of the oldest clients, instead of events. */
  readonly errors?: readonly string[];
}

/** Events kept: the first 2 and the last 8 (9.4). */
export const KEPT_EVENTS = { first: 2, last: 8 } as const;
/** Characters of a result's text; what is over is counted. */
const resultCharacters = 64 * 1024;

export function formatBackgroundEvent(event: LogEvent): string {
  const { type } = event;
  const level = event.level ?? "log";
  const message = event.message ?? "";
  // Realms are not ours alone: what is missing may be null.
  const at = typeof event.eventAt === "string" ? clockFmt(event.eventAt) : "";
  if (type === "error") return formatError(event, at);
  if (type !== "console") return `##### ${SIGNS.other}event\n${shown("Text", message)}`;
  const kind = level === "error" ? "Error" : isJson(message) ? "JSON" : "Text";
  const info = `${kind} console.${word(level, "log")}`;
  const heading = `##### ${levelSign(level)}console.${word(level, "log")}`;
  const caller = event.caller?.trim() ?? "";
  // A time behind the only line of JSON would make it no JSON.
  if (kind === "JSON" && caller === "")
    return `${at === "" ? heading : `${heading} ${at}`}\n${shown(info, message)}`;
  const content = caller === "" ? message : `${caller}\n${message}`;
  return `${heading}\n${shown(info, withTime(content, at))}`;
}

/** Events one after the other; of more than ten the first 2, how many were left out, and the last 8. */
export function formatEvents(events: readonly LogEvent[], missing = 0): string[] {
  return compress(
    events.map((event) => () => formatBackgroundEvent(event)),
    missing,
  );
}

/** The blocks of a reply: result first, then its events. */
export function formatResultBlocks(result: LogResult): string[] {
  const { backgroundEvents, errors = [], missingEvents = 0 } = result;
  const own = result.ok
    ? (result.fences ?? [shown("JSON", valueText(result))])
    : [shown("Error", cut(errorText(result.error)))];
  if (backgroundEvents !== undefined)
    return [...own, ...formatEvents(backgroundEvents, missingEvents)];
  return [
    ...own,
    ...compress(
      errors.map((error) => () => shown("Error", error)),
      0,
    ),
  ];
}

function compress(items: readonly (() => string)[], missing: number): string[] {
  const { first, last } = KEPT_EVENTS;
  const total = items.length + missing;
  if (total <= first + last && missing === 0) return items.map((format) => format());
  const tail = items.slice(Math.max(first, items.length - last));
  const head = items.slice(0, first);
  const more = total - head.length - tail.length;
  return [
    ...head.map((format) => format()),
    `\n... (${more} more background events omitted) ...\n`,
    ...tail.map((format) => format()),
  ];
}

function formatError({ source, stack, message }: LogEvent, at: string): string {
  const safe = typeof source === "string" && /^[A-Za-z0-9._-]{1,40}$/.test(source);
  const heading = safe ? source : (source ?? "") === "" ? "window.onerror" : "Error";
  const text = (stack ?? "").trim() === "" ? (message ?? "") : stack!;
  return `##### ${SIGNS.failure}${heading}\n${shown(safe ? source : "Error", withTime(text, at))}`;
}

function valueText({ value, valueText: made, valueNote }: LogResult): string {
  const text = cut(made ?? plainText(value));
  return valueNote === undefined ? text : `${text}\n// ${valueNote.replaceAll(/\s+/g, " ")}`;
}

/** Strings bare, everything else as JSON with two spaces. */
function plainText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "undefined");
}

function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null) return "Error";
  const { stack, name, message } = error as Record<string, unknown>;
  if (typeof stack === "string" && stack !== "") return stack;
  const text = typeof message === "string" ? message : "";
  return typeof name === "string" && name !== "" ? `${name}: ${text}` : text || "Error";
}

function cut(text: string): string {
  if (text.length <= resultCharacters) return text;
  return `${text.slice(0, resultCharacters)}\n... (${text.length - resultCharacters} more characters omitted) ...`;
}

/** A fence for what came from a program: every character visible (E-05). */
function shown(info: string, content: string): string {
  return fenced(info, visibleText(content));
}

/** The time goes behind the first line, unless that is blank (9.3). */
function withTime(content: string, at: string): string {
  if (at === "") return content;
  const end = content.indexOf("\n");
  const first = end < 0 ? content : content.slice(0, end);
  if (first.trim() === "") return content;
  return `${first.trimEnd()} ${at}${end < 0 ? "" : content.slice(end)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That it is none is the answer.
    return false;
  }
}

function levelSign(level: string): string {
  if (level === "error" || level === "warn") return SIGNS.alarm;
  if (level === "log") return SIGNS.log;
  return level === "info" ? SIGNS.info : SIGNS.other;
}

/** A level comes from the network and stands in a heading: one plain word. */
function word(text: string, instead: string): string {
  return /^[A-Za-z]{1,20}$/.test(text) ? text : instead;
}
