/** What an assertion found, in words: both values, or the lines in which two large ones differ. */
import { inspectLine, inspectValue } from "../../inspect.ts";

interface Finding {
  readonly actual?: unknown;
  readonly expected?: unknown;
  readonly operator?: string;
}

const sentences: Readonly<Record<string, string>> = {
  equal: "Expected values to be loosely equal:",
  strictEqual: "Expected values to be strictly equal:",
  notEqual: "Expected values to be loosely unequal:",
  notStrictEqual: "Expected values to be strictly unequal:",
  deepEqual: "Expected values to be loosely deep-equal:",
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  notDeepEqual: "Expected values not to be loosely deep-equal:",
  notDeepStrictEqual: "Expected values not to be strictly deep-equal:",
  partialDeepStrictEqual: "Expected the actual value to contain the expected one:",
};
const signs: Readonly<Record<string, string>> = {
  equal: "==",
  strictEqual: "===",
  notEqual: "!=",
  notStrictEqual: "!==",
};
/** Columns up to which both values are shown side by side. */
const width = 100;
/** Lines of each value that are shown where they differ, and around it. */
const [shownLines, contextLines] = [30, 2];

export function describeDifference({ actual, expected, operator = "" }: Finding): string {
  const sentence = sentences[operator] ?? "The assertion failed:";
  const sign = signs[operator] ?? "should equal";
  if (operator.startsWith("not")) return `${sentence}\n\n${show(actual)}\n`;
  const [one, other] = [show(actual), show(expected)];
  const line = `${one} ${sign} ${other}`;
  if (!line.includes("\n") && line.length <= width) return `${sentence}\n\n${line}\n`;
  if (one === other) return `${sentence} both look the same\n\n${one}\n`;
  return `${sentence}\n+ actual - expected\n\n${lineDifference(lines(actual), lines(expected))}\n`;
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : inspectLine(value);
}

function lines(value: unknown): readonly string[] {
  const inspected = inspectValue(value);
  return (inspected.kind === "json" ? inspected.text : "undefined").split("\n");
}

/** Both without what they begin and end with in common. */
function lineDifference(actual: readonly string[], expected: readonly string[]): string {
  const shorter = Math.min(actual.length, expected.length);
  let start = 0;
  while (start < shorter && actual[start] === expected[start]) start++;
  let end = 0;
  while (end < shorter - start && actual.at(-1 - end) === expected.at(-1 - end)) end++;
  const before = actual.slice(Math.max(0, start - contextLines), start);
  const after = actual.slice(actual.length - end).slice(0, contextLines);
  return [
    ...(start > contextLines ? ["  …"] : []),
    ...before.map((line) => `  ${line}`),
    ...changed("+", actual.slice(start, actual.length - end)),
    ...changed("-", expected.slice(start, expected.length - end)),
    ...after.map((line) => `  ${line}`),
    ...(end > contextLines ? ["  …"] : []),
  ].join("\n");
}

function changed(sign: string, all: readonly string[]): readonly string[] {
  const shown = all.slice(0, shownLines).map((line) => `${sign} ${line}`);
  const missing = all.length - shown.length;
  return missing > 0 ? [...shown, `${sign} … ${missing} more lines`] : shown;
}
