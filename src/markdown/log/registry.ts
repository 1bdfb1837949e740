/** The registry `daebug.md`: which realms there are and where their logs stand (section 11). Pure. */
import { clockFmt, type Moment } from "./format.ts";
import { SIGNS } from "./headings.ts";

export interface RegistryRow {
  readonly name: string;
  /** Name of the file in `daebug/`. */
  readonly file: string;
  readonly url: string;
  readonly lastSeen: Moment;
  readonly state: string;
}

/** A line of only this word stops the server (section 17). */
export const SHUTDOWN_MARKER = "%%SHUTDOWN%%";

/** Lines of the list, and characters of an address. */
const limits = { rows: 200, url: 500 } as const;

/** @param rows most recently seen first */
export function formatRegistry(startedAt: Moment, rows: readonly RegistryRow[]): string {
  const list =
    rows.length === 0 ? ["No page is connected yet."] : rows.slice(0, limits.rows).map(formatRow);
  return [
    `# ${SIGNS.daebug} Daebug remote debugging REPL started ${clockFmt(startedAt)}`,
    "> Code that you append to a page's log runs in that page; the answer is written below it.",
    "",
    "Each line below is a page, a worker or a Node process that is connected, with its log. Open a log, append a fenced block of JavaScript at its end and save.",
    "",
    "## Active Sessions",
    "",
    ...list,
    "",
    ...howToUse,
    "",
    "## Restart",
    "",
    `Write a line that holds only the marker \`${SHUTDOWN_MARKER}\` (without the quotes) into this file to stop the server. It answers by replacing this text.`,
    "",
  ].join("\n");
}

export function formatShutdown(startedAt: Moment, at: Moment): string {
  return [
    `# ${SIGNS.daebug} Daebug remote debugging REPL: SERVER SHUT DOWN ${clockFmt(at)}`,
    "> Nothing runs here now; the logs stay as they are.",
    "",
    `The server ran from ${clockFmt(startedAt)} to ${clockFmt(at)}. Start it again with:`,
    "",
    "```sh",
    "npx vitrine repl",
    "```",
    "",
    ...howToUse,
    "",
  ].join("\n");
}

export function hasShutdownMarker(text: string): boolean {
  return text.includes(SHUTDOWN_MARKER) && markerLine.test(text);
}

/** The text without lines that are only the marker. */
export function withoutShutdownMarker(text: string): string {
  return text.replaceAll(new RegExp(markerLine, "gm"), "");
}

/** What comes from the network is one line, and cannot end the link it stands in (11.3). */
export function formatRow({ name, file, url, lastSeen, state }: RegistryRow): string {
  const address = oneLine(url)
    .replace(/[[\]()<>]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .slice(0, limits.url);
  const link = encodeURI(oneLine(file)).replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29"));
  return `* [${oneLine(name)}](daebug/${link}) (${address}) at ${clockFmt(lastSeen)}: ${state}`;
}

const markerLine = /^[ \t]*%%SHUTDOWN%%[ \t]*\r?$/m;

const howToUse = [
  "## How to Use",
  "",
  "- Append a fenced block of JavaScript or TypeScript at the end of a log and save the file.",
  "- The heading of the reply has the time: look at it to be sure that this request was answered.",
  "- `(await import('node:test')).run()` runs the project's tests in the page.",
];

function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not come through
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, "");
}
