/** How serious a printed line is (dev-servers section 9). */
import { expect, test } from "vitest";
import { levelOf } from "../../../../src/server/dev-servers/log-level.ts";

test.each([
  ["Found 0 errors. Watching for file changes.", "info"],
  ["compiled without errors", "info"],
  ["build failed", "error"],
  ["error: could not compile `x`", "error"],
  ["panic: runtime error", "error"],
  ["./main.go:3:1: syntax error", "error"],
  ["main.go:3:5: undefined: x", "info"],
  ["src/a.ts(1,2): error TS2322: no", "error"],
  ["TypeError: x is not a function", "error"],
  ["java.lang.NullPointerException", "error"],
  ["it was an error.", "error"],
  ["Building... failed", "error"],
  ["compiled src/error.ts", "info"],
  ["compiled src/errors/index.ts and error-page.ts", "info"],
  ["compiled C:\\src\\error\\index.ts", "info"],
  ["compiled src/HttpError.ts", "info"],
  ["GET /error 200", "info"],
  ["warning: unused variable", "warn"],
  ["(node:1) [DEP0040] DeprecationWarning: deprecated", "warn"],
  ['{"level":"error","msg":"no"}', "error"],
  ['{"level":30,"msg":"an error is only a word here"}', "info"],
  ['{"@level":"warn","@message":"slow"}', "warn"],
  ["time=x level=WARN msg=low", "warn"],
  ["level=error msg=down", "error"],
  ["2026-02-16T10:30:00Z [DEBUG] plugin: waiting for error", "debug"],
  ["INFO listening", "info"],
  ["[debug] x", "debug"],
  ["ready in 300 ms", "info"],
  ["terrorised mirrors, a terror", "info"],
])("%j is %s", (line, level) => {
  expect(levelOf(line)).toBe(level);
});
