/** Progress and results of a test run as a section of a log (12.6). */
import { fenced } from "./fences.ts";
import { clockFmt } from "./format.ts";
import { visibleText } from "./visible-text.ts";

export interface TestItem {
  readonly name: string;
  readonly suite?: string | null;
  readonly status?: string;
  /** Ms. */
  readonly duration?: number;
  readonly error?: string | null;
  /** ISO 8601. */
  readonly completedAt?: string;
}

/** What realms post to `/-daebug-test-progress` (12.4). */
export interface TestProgress {
  readonly complete: boolean;
  readonly totals: { readonly pass: number; readonly fail: number; readonly skip: number };
  /** Ms. */
  readonly duration: number;
  readonly recentTests?: readonly TestItem[];
  readonly allTests?: readonly TestItem[];
  readonly deltas?: { readonly pass?: number; readonly fail?: number; readonly skip?: number };
}

const signs: Readonly<Record<string, string>> = { pass: "\u2713", fail: "\u2717", skip: "\u25CB" };
const order = ["fail", "skip", "pass"];

/** Heading, blank line, items: failed, skipped, passed, each in the order of their end. */
export function formatTestProgress(progress: TestProgress): string {
  const items = (progress.complete ? progress.allTests : progress.recentTests) ?? [];
  const sorted = order.flatMap((status) => items.filter((item) => statusOf(item) === status));
  const heading = formatHeading(progress);
  return sorted.length === 0 ? heading : [heading, "", ...sorted.map(formatItem)].join("\n");
}

/** Seconds with thousands separators, a comma and a point whatever the locale. */
export function testDurationFmt(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 2000) return `${whole}ms`;
  const [seconds, tenth] = (whole / 1000).toFixed(1).split(".");
  return `${seconds!.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")}.${tenth}s`;
}

function formatHeading({ complete, totals, duration, deltas = {} }: TestProgress): string {
  const { pass, fail, skip } = totals;
  const time = testDurationFmt(duration);
  if (complete) return `## Test Results: ${pass} pass, ${fail} fail, ${skip} skip (${time})`;
  const parts = (["pass", "fail", "skip"] as const).flatMap((key) =>
    (deltas[key] ?? 0) > 0 ? [`+${deltas[key]} ${key}`] : [],
  );
  const change = parts.length === 0 ? [`${fail} fail`] : parts;
  return `## Test Progress: ${[`${pass}/${pass + fail} pass`, ...change].join(", ")} (${time})`;
}

function formatItem(item: TestItem): string {
  const title = [item.suite, item.name]
    .filter((part) => typeof part === "string" && part !== "")
    .map((part) => visibleText(part!.replaceAll(/\s+/g, " ")))
    .join(" > ");
  const at = typeof item.completedAt === "string" ? clockFmt(item.completedAt) : "";
  const line = [signs[statusOf(item)], title, at].filter((part) => part !== "").join(" ");
  const whole = `${line} (${Math.round(item.duration ?? 0)}ms)`;
  const { error } = item;
  return statusOf(item) === "fail" && typeof error === "string" && error !== ""
    ? `${whole}\n${fenced("", visibleText(error))}`
    : whole;
}

function statusOf({ status }: TestItem): string {
  return status !== undefined && Object.hasOwn(signs, status) ? status : "pass";
}
