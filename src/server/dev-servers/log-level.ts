/** How serious a printed line is: by its own logger where it has one, else by what it says (dev-servers section 9). Pure. */
import type { DevServerLine } from "../../protocol/dev-server.ts";

export type Level = DevServerLine["level"];

/** Names that loggers use, and the numbers of pino and bunyan. */
const levels: Readonly<Record<string, Level>> = {
  trace: "debug",
  debug: "debug",
  verbose: "debug",
  dbg: "debug",
  info: "info",
  notice: "info",
  inf: "info",
  warn: "warn",
  warning: "warn",
  wrn: "warn",
  error: "error",
  err: "error",
  fatal: "error",
  panic: "error",
  critical: "error",
  10: "debug",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "error",
};

/** Longer lines are judged by their beginning: a keyword far behind says nothing about the line. */
const judgedLength = 1000;

/** @param line without ANSI sequences. That it came from stderr says nothing: many programs print everything there. */
export function levelOf(line: string): Level {
  const start = line.slice(0, judgedLength);
  return structured(start) ?? keyword(start);
}

/** `{"level":"warn",…}`, `{"@level":"warn",…}`, `level=warn …`, `2026-… [WARN] …`, `WARN …`. */
function structured(line: string): Level | undefined {
  const [, json, logfmt, bracket, first] =
    /^\s*\{.*?"@?(?:level|severity)"\s*:\s*"?(\w+)|\blevel=(\w+)|\[\s*([A-Z]{3,8})\s*\]|^\s*([A-Z]{3,8})\b/.exec(
      line,
    ) ?? [];
  const name = json ?? logfmt ?? bracket ?? first;
  return name === undefined ? undefined : levels[name.toLowerCase()];
}

/** Results such as `0 errors` or `no warnings` are good news. */
const goodNews = /\b(?:0|no|without)\s+(?:errors?|warnings?|problems?|failures?|failed)\b/gi;

/** A word of its own; part of a path, of the name of a file or of a compound such as `error-page` it says nothing. */
const serious = word("errors?|failed|failure|fatal|panic|exception");
/** `TypeError`, `NullPointerException`. */
const thrown = /\w(?:Error|Exception)(?![\w/\\-]|\.\w)/;
const doubtful = word("warn(?:ings?)?|deprecated");

function word(words: string): RegExp {
  return new RegExp(String.raw`(?<![\w/\\@])(?:${words})(?![\w/\\-]|\.\w)`, "i");
}

function keyword(line: string): Level {
  const rest = line.replace(goodNews, "");
  if (serious.test(rest) || thrown.test(rest)) return "error";
  if (doubtful.test(rest)) return "warn";
  return /^\s*\[?(?:debug|trace|verbose)\b/i.test(rest) ? "debug" : "info";
}
