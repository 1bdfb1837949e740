/** What the mocha run inside an extension host reports. */
export interface HostTest {
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly ms?: number;
  readonly error?: string;
}

const marks = { passed: "✓", failed: "✗", skipped: "-" } as const;

/** Prints the tests and makes the exit code 1 when one failed, or when there was none: then the set-up is broken. */
export function printHostTests(tests: readonly HostTest[]): void {
  for (const { title, state, ms, error } of tests) {
    console.log(`${marks[state]} ${title}${ms === undefined ? "" : ` (${ms} ms)`}`);
    if (error) console.log(error);
  }
  const failed = tests.filter(({ state }) => state === "failed").length;
  console.log(`${failed} of ${tests.length} host tests failed`);
  if (failed > 0 || tests.length === 0) process.exitCode = 1;
}
