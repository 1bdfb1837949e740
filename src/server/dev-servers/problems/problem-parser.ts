/** What a build's output says about files, whatever its format (dev-servers 4.3). */
import type { BuildError } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import { quoted } from "../../quoted.ts";
import type { BackendConfig, ProblemMatcher } from "../project-config.ts";
import { createCargoJsonReader } from "./cargo-json.ts";
import { guardedRegExp, plainRegExp, type Match } from "./guarded-regexp.ts";
import { knownMatchers } from "./known-matchers.ts";
import { createMatcherReader, type ProblemReader } from "./matcher-reader.ts";
import type { BuildPlace } from "./places.ts";
import { createTscPrettyReader } from "./tsc-pretty.ts";

export type Problems = BackendConfig["problems"];

/** Matchers of other extensions by name, `$` included. */
export type ContributedMatchers = Readonly<
  Record<string, ProblemMatcher | readonly ProblemMatcher[]>
>;

/** Formats that patterns cannot read. */
const specialReaders: Readonly<Record<string, (place: BuildPlace) => ProblemReader>> = {
  "cargo-json": createCargoJsonReader,
  "tsc-pretty": createTscPrettyReader,
};

/** More than anybody reads; a build without end finds without end. */
const mostErrors = 1000;

export interface ProblemParser {
  /**
   * @param line without ANSI sequences and line end
   * @returns whether a build of a command that never ends began or ended with it
   */
  read(line: string): "begins" | "ends" | undefined;
  /** What a person should see of a line; undefined when it is for programs only. */
  shown(line: string): string | undefined;
  /** Everything found since the last call, each once. */
  take(): readonly BuildError[];
}

/**
 * Throws `config_failed` when there is no such matcher or it is wrong; `read` throws it when a matcher takes too long.
 *
 * @param problems `$go`, `cargo-json`, a matcher, or several of which the first that fits a line counts
 */
export function createProblemParser(
  problems: Problems,
  place: BuildPlace,
  contributed: ContributedMatchers = {},
): ProblemParser {
  const { readers, marks } = readersOf(problems, place, contributed);
  let found: BuildError[] = [];

  return {
    read(line) {
      for (const reader of readers) {
        const complete = reader.read(line);
        if (complete.length === 0) continue;
        // One line is one finding: it is not read by another matcher in another way.
        const others = readers.filter((one) => one !== reader).flatMap((other) => other.end());
        if (found.length < mostErrors) found.push(...complete, ...others);
        break;
      }
      return marks.find(({ match }) => match(line) !== undefined)?.mark;
    },
    shown(line) {
      const special = readers.find((reader) => reader.shown !== undefined);
      return special?.shown === undefined ? line : special.shown(line);
    },
    take() {
      const all = [...found, ...readers.flatMap((reader) => reader.end())];
      found = [];
      return [...new Map(all.map((error) => [JSON.stringify(error), error])).values()];
    },
  };
}

/** All of a finished output at once. */
export function parseProblems(
  problems: Problems,
  lines: readonly string[],
  place: BuildPlace,
  contributed: ContributedMatchers = {},
): readonly BuildError[] {
  const parser = createProblemParser(problems, place, contributed);
  for (const line of lines) parser.read(line);
  return parser.take();
}

/** Whether the command never ends: its builds lie between lines. Throws `config_failed` like `createProblemParser`. */
export function isBackground(problems: Problems, contributed: ContributedMatchers = {}): boolean {
  if (specialOf(problems) !== undefined) return false;
  return matchersOf(problems, contributed).matchers.some((one) => one.background !== undefined);
}

interface Readers {
  readonly readers: readonly ProblemReader[];
  readonly marks: readonly { readonly mark: "begins" | "ends"; readonly match: Match }[];
}

function readersOf(
  problems: Problems,
  place: BuildPlace,
  contributed: ContributedMatchers,
): Readers {
  const special = specialOf(problems);
  if (special !== undefined) return { readers: [special(place)], marks: [] };
  const { matchers, compile } = matchersOf(problems, contributed);
  return {
    readers: matchers.map((matcher) => createMatcherReader(matcher, place, compile)),
    marks: matchers.flatMap(({ background }) =>
      background === undefined
        ? []
        : [
            { mark: "begins" as const, match: compile(background.beginsPattern) },
            { mark: "ends" as const, match: compile(background.endsPattern) },
          ],
    ),
  };
}

function matchersOf(
  problems: Problems,
  contributed: ContributedMatchers,
): { matchers: readonly ProblemMatcher[]; compile: (source: string) => Match } {
  if (typeof problems !== "string") return { matchers: toList(problems), compile: guardedRegExp };
  const name = nameOf(problems);
  const known = Object.hasOwn(knownMatchers, name) ? knownMatchers[name] : undefined;
  if (known !== undefined) return { matchers: known, compile: plainRegExp };
  const full = `$${name}`;
  const other = Object.hasOwn(contributed, full) ? contributed[full] : undefined;
  if (other !== undefined) return { matchers: toList(other), compile: guardedRegExp };
  const names = [
    ...Object.keys(knownMatchers).map((one) => `$${one}`),
    ...Object.keys(specialReaders),
  ];
  throw new UserError(
    "config_failed",
    `No problem matcher is called ${quoted(problems)}. Take one of ${names.join(", ")}, one of an installed extension, or write one`,
  );
}

function specialOf(problems: Problems): ((place: BuildPlace) => ProblemReader) | undefined {
  if (typeof problems !== "string") return undefined;
  const name = nameOf(problems);
  return Object.hasOwn(specialReaders, name) ? specialReaders[name] : undefined;
}

function nameOf(problems: string): string {
  return problems.replace(/^\$/, "");
}

function toList(matchers: ProblemMatcher | readonly ProblemMatcher[]): readonly ProblemMatcher[] {
  return Array.isArray(matchers)
    ? (matchers as readonly ProblemMatcher[])
    : [matchers as ProblemMatcher];
}
