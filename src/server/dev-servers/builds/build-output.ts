/** What a build prints: into the log, and to the parser of problems. */
import path from "node:path";
import type { BuildError, DevServerLine, DevServerSource } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import type { CommandLine } from "../commands/command.ts";
import { cutLine } from "../line-reader.ts";
import { levelOf } from "../log-level.ts";
import { fallbackError, fallbackLines } from "../problems/fallback.ts";
import type { BuildPlace } from "../problems/places.ts";
import type { ProblemParser } from "../problems/problem-parser.ts";

/** A line for the log of a project. */
export interface BackendLine extends Pick<DevServerLine, "source" | "level" | "message"> {
  /** As it was printed, colours included, for the output channel. At most 16 KiB, as the message. */
  readonly raw: string;
}

export interface BuildOutcome {
  readonly isGood: boolean;
  /** Of a good build: no errors, but warnings. */
  readonly errors: readonly BuildError[];
  /** Ns. */
  readonly duration: number;
}

export interface BuildOutput {
  line(line: CommandLine): "begins" | "ends" | undefined;
  /** Everything found since the last call. */
  take(): readonly BuildError[];
  /**
   * The same for a failed build: never without an error.
   *
   * @param sentence what to say when nothing was printed, or, as the `cause`, in any case
   */
  takeFailure(sentence: string, isCause?: "cause"): readonly BuildError[];
}

export function createBuildOutput(
  parser: ProblemParser,
  place: BuildPlace,
  options: { readonly program: string; logged(line: BackendLine): void },
): BuildOutput {
  const source = buildSource(options.program, "build");
  let last: string[] = [];
  let fault: string | undefined;

  const parse = (text: string): "begins" | "ends" | undefined => {
    if (fault !== undefined) return undefined;
    try {
      return parser.read(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      fault = error.message;
      options.logged({ source, level: "error", message: fault, raw: fault });
      return undefined;
    }
  };

  const show = (text: string, raw: string): void => {
    const message = cutLine(text);
    last = [...last, message].slice(-fallbackLines);
    options.logged({ source, level: levelOf(message), message, raw: cutLine(raw) });
  };

  return {
    line({ raw, text }) {
      const shown = parser.shown(text);
      if (shown === text) show(text, raw);
      // A line made for programs is of no use to a person as it was printed, and stands for several.
      else for (const part of shown?.split("\n") ?? []) show(part, part);
      return parse(text);
    },
    take: () => parser.take(),
    takeFailure(sentence, isCause) {
      const found = parser.take();
      const isSilent = !last.some((line) => line.trim() !== "");
      const lines = isCause !== undefined || isSilent ? [sentence, ...last] : last;
      last = [];
      const isKnown = isCause === undefined && found.some(({ severity }) => severity === "error");
      if (isKnown) return found;
      const all = fault === undefined ? lines : [fault, ...lines];
      return [...found, fallbackError(all, place, options.program)];
    },
  };
}

/** Go has names of its own in the documented log (dev-servers section 9). */
export function buildSource(program: string, kind: "build" | "watch"): DevServerSource {
  return program === "go" ? `go-${kind}` : kind;
}

/** `go` of `/usr/bin/go` and `go.exe`. */
export function programName(command: readonly string[] | undefined): string {
  return path.parse(command?.[0] ?? "").name || "build";
}
