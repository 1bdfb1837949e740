/** The matchers that a configuration can name (dev-servers 4.3). */
import type { ProblemMatcher } from "../project-config.ts";

/** `error`, `warning` and `note`, each with an optional code, as rustc begins a finding. */
const rustHeader = String.raw`^(warning|error|note)(?:\[([^\]]+)\])?: (.+)$`;

const tscPatterns = {
  plain: {
    regexp: String.raw`^(\S.*?)\((\d+),(\d+)\): (error|warning|info) (TS\d+) ?: (.*)$`,
    file: 1,
    line: 2,
    column: 3,
    severity: 4,
    code: 5,
    message: 6,
  },
  pretty: {
    regexp: String.raw`^(\S.*?):(\d+):(\d+) - (error|warning|info) (TS\d+) ?: (.*)$`,
    file: 1,
    line: 2,
    column: 3,
    severity: 4,
    code: 5,
    message: 6,
  },
} as const;

const tsc: readonly ProblemMatcher[] = [
  { source: "tsc", pattern: tscPatterns.plain },
  { source: "tsc", pattern: tscPatterns.pretty },
];

/** Without the `$`. */
export const knownMatchers: Readonly<Record<string, readonly ProblemMatcher[]>> = {
  go: [
    {
      source: "go",
      pattern: {
        // `# pkg` is the header of a package; `vet:` the beginning of what go vet could not even compile. Tests indent.
        regexp: String.raw`^(?!# )\s*(?:vet: )?(\S.*?\.go|\S*go\.(?:mod|work)):(\d+)(?::(\d+))?:\s*(.+)$`,
        file: 1,
        line: 2,
        column: 3,
        message: 4,
      },
    },
  ],
  tsc,
  "tsc-watch": tsc.map((matcher) => ({
    ...matcher,
    background: {
      beginsPattern: String.raw`(?:Starting compilation in watch mode|File change detected\. Starting incremental compilation)\.\.\.`,
      endsPattern: String.raw`Found \d+ errors?\. Watching for file changes`,
    },
  })),
  rustc: [
    {
      source: "rustc",
      pattern: [
        { regexp: rustHeader, severity: 1, code: 2, message: 3 },
        { regexp: String.raw`^\s*--> (.+?):(\d+):(\d+)$`, file: 1, line: 2, column: 3 },
      ],
    },
  ],
  gcc: [
    {
      source: "gcc",
      pattern: {
        regexp: String.raw`^(\S.*?):(\d+):(?:(\d+):)?\s*(?:fatal )?(error|warning|note):\s+(.*)$`,
        file: 1,
        line: 2,
        column: 3,
        severity: 4,
        message: 5,
      },
    },
  ],
  "eslint-stylish": [
    {
      source: "eslint",
      pattern: [
        { regexp: String.raw`^((?:[A-Za-z]:)?[./\\].*|[^\s✖✔]\S*\.\w+)$`, file: 1 },
        {
          regexp: String.raw`^\s+(\d+):(\d+)\s+(error|warning)\s+(.+?)(?:\s\s+(\S+))?$`,
          line: 1,
          column: 2,
          severity: 3,
          message: 4,
          code: 5,
          loop: true,
        },
      ],
    },
  ],
};
