/**
 * Every check and suite, one after the other. All of them run even when one fails; the last line counts the tests of all
 * suites, and a check that fails counts as one failed test. `node scripts/test.mjs types unit` runs only those steps.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describeProcesses, processesLeft } from "../test/support/processes.ts";
import { runStep } from "./step.mjs";

const run = `${process.pid}-${Date.now().toString(36)}`;
// Short, because sockets below it have to fit into 107 characters.
const temporary = mkdtempSync(path.join(tmpdir(), "vtr-"));
process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

const vitest = (projects, workers = 2) => ({
  script: "node_modules/vitest/vitest.mjs",
  args: [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--maxWorkers=${workers}`,
    ...projects.map((name) => `--project=${name}`),
  ],
  report: readVitestReport,
  timeout: 900_000,
});

const steps = [
  { name: "format", title: "format", script: "node_modules/oxfmt/bin/oxfmt", args: ["--check"] },
  { name: "lint", title: "lint", script: "node_modules/oxlint/bin/oxlint", args: ["--type-aware"] },
  { name: "types", title: "types", script: "node_modules/typescript/bin/tsc", args: ["-b"] },
  {
    name: "unused",
    title: "unused files, exports and dependencies",
    script: "node_modules/knip/bin/knip.js",
  },
  {
    name: "readme",
    title: "settings and commands in the README",
    script: "scripts/readme-tables.mjs",
    args: ["--check"],
  },
  { name: "build", title: "build", script: "esbuild.config.ts" },
  { name: "package", title: "package", script: "scripts/package.mjs" },
  {
    name: "unit",
    title: "unit, webview and server tests",
    // Most of them wait for processes and timers: three use two cores.
    ...vitest(["unit", "webview", "server"], 3),
  },
  { name: "browser", title: "browser tests", ...vitest(["browser"]) },
  {
    name: "host",
    title: "tests in the extension host",
    script: "test/vscode/run-host.ts",
    report: readHostReport,
  },
  { name: "ui", title: "tests of the packaged extension in VS Code", ...vitest(["ui"]) },
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !steps.some((step) => step.name === name));
if (unknown) {
  console.error(
    `no step is called "${unknown}". Steps: ${steps.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
const times = [];
/** What a reader of the last lines needs to know: each failed test with its first lines of error. */
const failures = [];
const started = performance.now();
for (const step of steps) {
  if (wanted.length > 0 && !wanted.includes(step.name)) continue;
  await runAndCount(step);
}
await checkNothingIsLeft();
if (failures.length > 0) console.log(`\nfailed:\n${failures.join("\n")}`);
console.log(
  `\n${times.join("\n")}\n${Math.round((performance.now() - started) / 1000)} s in all\n`,
);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ""}`,
);
process.exit(total.failed > 0 ? 1 : 0);

async function runAndCount(step) {
  const reportFile = path.join(temporary, `${step.name}.json`);
  const reportArgs = step.report === readVitestReport ? [`--outputFile.json=${reportFile}`] : [];
  const { ok, seconds } = await runStep(
    { ...step, args: [...(step.args ?? []), ...reportArgs] },
    { env: environment(reportFile), timeout: step.timeout ?? 300_000 },
  );
  times.push(`${seconds.toFixed(1).padStart(7)} s  ${ok ? "ok    " : "FAILED"}  ${step.title}`);
  const counts =
    step.report && existsSync(reportFile)
      ? step.report(JSON.parse(readFileSync(reportFile, "utf8")))
      : undefined;
  total.passed += counts?.passed ?? 0;
  total.skipped += counts?.skipped ?? 0;
  const named = counts?.failures ?? [];
  failures.push(...(ok || named.length > 0 ? named : [`  ✗ ${step.title}`]));
  // A step can fail beyond its tests: a file that does not load, a process left behind.
  total.failed += Math.max(counts?.failed ?? 0, ok ? 0 : 1);
}

/** Temporary files and state stay inside the run; the marker finds whatever it starts. */
function environment(reportFile) {
  return {
    ...process.env,
    VITRINE_TEST_RUN: run,
    VITRINE_REPORT_FILE: reportFile,
    TMPDIR: temporary,
    XDG_STATE_HOME: path.join(temporary, "state"),
  };
}

function readVitestReport(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.flatMap((file) => vitestFailures(file)),
  };
}

/** The failed tests of one file, or the file itself if it failed as a whole. */
function vitestFailures({ name, status, message, assertionResults }) {
  const file = path.relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0 && status === "failed") return [failure(file, message)];
  return failed.map((test) =>
    failure(`${file} > ${test.fullName}`, test.failureMessages.join("\n")),
  );
}

function readHostReport(tests) {
  const count = (state) => tests.filter((test) => test.state === state).length;
  const failed = tests.filter((test) => test.state === "failed");
  return {
    passed: count("passed"),
    failed: failed.length,
    skipped: count("skipped"),
    failures: failed.map((test) => failure(test.title, test.error ?? "")),
  };
}

function failure(title, message) {
  const lines = stripVTControlCharacters(message).split("\n", 12);
  return [`  ✗ ${title}`, ...lines.map((line) => `      ${line}`)].join("\n");
}

/** The suites check themselves file by file; this one sees what outlived all of them. */
async function checkNothingIsLeft() {
  const processes = await processesLeft(run, 5_000);
  if (processes.length > 0) {
    failures.push(failure("processes were left behind", describeProcesses(processes)));
    for (const { pid } of processes) process.kill(pid, "SIGKILL");
    total.failed += 1;
  }
  const folders = readdirSync(temporary).filter((name) => name.startsWith("vitrine-"));
  if (folders.length > 0) {
    failures.push(failure("folders were left in the temporary directory", folders.join(", ")));
    total.failed += 1;
  }
}
