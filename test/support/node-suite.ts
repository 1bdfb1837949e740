/** What Node's own runner says of a folder of tests: the measure for every other way to run them. */
import { execFile } from "node:child_process";

/** Counts in the words of the REPL, and the full names of what failed. */
export interface SuiteNumbers {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
  readonly total: number;
  /** `suite > name`, sorted. */
  readonly failing: readonly string[];
}

/** Runs `node --test` in a folder. */
export async function nodeNumbers(folder: string): Promise<SuiteNumbers> {
  // Vitest sets variables that a Node of its own would read.
  const own = Object.entries(process.env).filter(([key]) => !key.startsWith("NODE_"));
  const env = Object.fromEntries(own);
  const args = ["--test", "--test-reporter=tap"];
  const output = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, { cwd: folder, env }, (_error, stdout) => resolve(stdout)),
  );
  const count = (name: string): number =>
    Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(output)?.[1]);
  return {
    pass: count("pass"),
    fail: count("fail") + count("cancelled"),
    skip: count("skipped") + count("todo"),
    total: count("tests"),
    failing: failingNames(output),
  };
}

/** @param output TAP as Node writes it: four blanks for each level, a heading before and a type after each result */
function failingNames(output: string): string[] {
  const names: string[] = [];
  const failing: string[] = [];
  const result =
    /^( *)not ok \d+ - (.*)\n +---\n(?: +.*\n)*? +type: '(\w+)'|^( *)# Subtest: (.*)$/gm;
  for (const [whole, indent, name = "", type, outer, heading] of output.matchAll(result)) {
    if (heading !== undefined) names.splice((outer ?? "").length / 4, Infinity, heading);
    else if (type === "test" && !/^.* # (?:TODO|SKIP)/m.test(whole))
      failing.push([...names.slice(0, (indent ?? "").length / 4), name].join(" > "));
  }
  return failing.toSorted();
}
