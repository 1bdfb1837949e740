/** What the server writes into a log: clock, headings, title and guide, anchor (3.1 to 3.5). Line ends are line feeds. */
import { fenced } from "./fences.ts";
import { SIGNS } from "./headings.ts";

/** 70 hyphens and the anchor line (3.3). */
export const RULE = "-".repeat(70);
export const ANCHOR = "> Append your JavaScript snippet below to execute against this page.";

/** A number of ms, or ISO 8601. */
export type Moment = string | number;

/** `HH:MM:SS` in the local time of this process; empty for what is no time. */
export function clockFmt(at: Moment): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** Below 2 s whole ms, from 2 s seconds with one decimal. */
export function durationFmt(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  return whole < 2000 ? `${whole}ms` : `${(whole / 1000).toFixed(1)}s`;
}

export function formatAgentHeader(agent: string, target: string, at: Moment): string {
  return `### ${SIGNS.person}${agent} to ${target} at ${clockFmt(at)}`;
}

/** Heading of a finished reply. @param ms from dispatch to the arrival of the result */
// oxlint-disable-next-line max-params -- the signature of section 4.5
export function formatReplyHeader(
  page: string,
  agent: string,
  at: Moment,
  ms: number,
  isError: boolean,
): string {
  const sign = isError ? SIGNS.failure : SIGNS.success;
  return `#### ${sign}${page} to ${agent} at ${clockFmt(at)} (${durationFmt(ms)})`;
}

/** Heading of a reply that is still to come. */
export function formatExecutingHeader(page: string, agent: string, at: Moment): string {
  return `#### ${SIGNS.success}${page} to ${agent} at ${clockFmt(at)}`;
}

/** The last line of an executing region (section 6). */
export function formatPlaceholder(seconds: number, isWaiting: boolean): string {
  return `executing (${Math.max(0, Math.floor(seconds))}s)${isWaiting ? " waiting for the realm to connect" : ""}`;
}

export function formatCodeBlock(code: string): string {
  return fenced("JS", code);
}

/** Section 10. */
export function formatDiagnostic(message: string, at: Moment): string {
  return `### ${SIGNS.person}System at ${clockFmt(at)}\n${fenced("Text", message)}`;
}

/** Rule, anchor and two empty lines. */
export function formatFooter(): string {
  return `${RULE}\n${ANCHOR}\n\n\n`;
}

export function formatSessionGuide(): string {
  return [
    "## Short Guide",
    "",
    "- Write a plain note before each request: what you want to find out.",
    "- Begin each turn with a level-2 heading; the outline of this file then shows the turns.",
    "- Replace old turns by a summary of one paragraph. Commit the file before you do.",
    "- Start with simple expressions, then build on what they show.",
    "- Run tests with `(await import('node:test')).run()`.",
    "- Top-level `await` works.",
    "- Look at the time in the reply heading to be sure that this request was answered, not an older one.",
    "",
    "---",
  ].join("\n");
}

/** Title, a sentence on what the file is, and the guide; a blank line after it belongs to the caller. */
export function formatFileHeader(title: string): string {
  return [
    `# ${title}`,
    "",
    "This file is a conversation with a running page: append a fenced code block at its end, and the page's answer is written below it.",
    "",
    formatSessionGuide(),
  ].join("\n");
}

/** Lines among which a title is looked for. */
const titleLines = 20;

/** Puts title and guide in front of a file that has no title among its first 20 lines. Idempotent. */
export function ensureFileHeader(lines: readonly string[], title: string): string[] {
  if (lines.slice(0, titleLines).some((line) => /^\uFEFF?# /.test(line))) return [...lines];
  return [...formatFileHeader(title).split("\n"), "", ...lines];
}
