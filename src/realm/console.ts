/** Hears what the page writes to its console, and leaves the console as it was for everybody else. */
import { REALM_LIMITS, type RunEvent } from "../protocol/realm.ts";
import { errorFrom } from "./realm-error.ts";
import { cut } from "./cut.ts";
import { inspectLine } from "./inspect.ts";
import { isError } from "./value-names.ts";

type Level = RunEvent["level"];
type Method = (...args: unknown[]) => void;

const levels: Readonly<Record<string, Level>> = {
  debug: "debug",
  log: "log",
  info: "info",
  warn: "warn",
  error: "error",
  trace: "log",
  dir: "log",
  table: "log",
  group: "log",
  groupCollapsed: "log",
};

/** Frames kept of the caller: enough to tell which of the page's own functions wrote a line. */
const stackFrames = 8;

export interface ConsoleListener {
  heard(level: Level, text: string, stack: string | undefined): void;
  /** Whether finding the caller is worth its time just now. */
  wantsStack(): boolean;
}

/** Wraps the methods that write. Each still calls the original first, with the same arguments and `this`. */
export function patchConsole(target: Console, listener: ConsoleListener): void {
  // What inspection calls (a `toJSON`, a getter) may write to the console again.
  let listening = true;

  function hear(level: Level, args: readonly unknown[], caller: Method): void {
    if (!listening) return;
    listening = false;
    try {
      const stack = listener.wantsStack() ? callerStack(caller) : undefined;
      listener.heard(level, formatArguments(args), stack);
    } catch {
      // Writing a line must never fail in the page.
    } finally {
      listening = true;
    }
  }

  const methods = target as unknown as Record<string, Method>;
  for (const [name, level] of Object.entries(levels)) {
    wrap(methods, name, (args, wrapper) => hear(level, args, wrapper));
  }
  wrap(methods, "assert", ([condition, ...args], wrapper) => {
    if (!condition) hear("error", ["Assertion failed", ...args], wrapper);
  });
}

function wrap(
  methods: Record<string, Method>,
  name: string,
  hear: (args: readonly unknown[], wrapper: Method) => void,
): void {
  const original = methods[name];
  if (typeof original !== "function") return;
  // As a method of an object it has the same name as the original, in stacks too.
  const { [name]: wrapper } = {
    [name](this: unknown, ...args: unknown[]) {
      original.apply(this, args);
      hear(args, wrapper as Method);
    },
  };
  methods[name] = wrapper as Method;
}

/**
 * Arguments as one text, as consoles write them: `%s %d %i %f %o %O %j %c` in a first string, the rest separated by blanks.
 */
export function formatArguments(args: readonly unknown[]): string {
  const [first] = args;
  const formatted =
    typeof first === "string" && args.length > 1 ? substitute(first, args.slice(1)) : undefined;
  const words =
    formatted === undefined ? args.map(word) : [formatted.text, ...formatted.rest.map(word)];
  return cut(words.join(" "), REALM_LIMITS.lineCharacters);
}

function substitute(
  format: string,
  args: readonly unknown[],
): { text: string; rest: readonly unknown[] } {
  let used = 0;
  const text = format.replace(/%[sdifoOjc%]/g, (mark) => {
    if (mark === "%%") return "%";
    if (used >= args.length) return mark;
    return substituted(mark, args[used++]);
  });
  return { text, rest: args.slice(used) };
}

function substituted(mark: string, value: unknown): string {
  switch (mark) {
    case "%c":
      return "";
    case "%d":
    case "%i":
      return typeof value === "bigint"
        ? `${value}n`
        : String(typeof value === "number" ? Math.trunc(value) : Number.parseInt(word(value), 10));
    case "%f":
      return String(Number.parseFloat(word(value)));
    default:
      return word(value);
  }
}

function word(value: unknown): string {
  return isError(value) ? errorFrom(value).stack : inspectLine(value);
}

function callerStack(wrapper: Method): string | undefined {
  const holder: { stack?: string } = new Error();
  // V8 can leave our own frames out by itself.
  const { captureStackTrace } = Error as {
    captureStackTrace?: (target: object, above: Method) => void;
  };
  captureStackTrace?.call(Error, holder, wrapper);
  const frames = holder.stack?.split("\n").filter((line) => /:\d+:\d+\)?$/.test(line));
  return frames?.slice(0, stackFrames).join("\n");
}
