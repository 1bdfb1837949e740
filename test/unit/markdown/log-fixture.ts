/** Pieces of logs as section 3 of the REPL specification shows them, typed from there and not from the code. */

export const rule = "----------------------------------------------------------------------";
export const anchorLine = "> Append your JavaScript snippet below to execute against this page.";
export const oldAnchorLine =
  "> Write code in a fenced JS block below to execute against this page.";
/** What every log ends with: rule, anchor, two empty lines. */
export const footer = `${rule}\n${anchorLine}\n\n\n`;
/** Rule and anchor with something below. */
export const above = `${rule}\n${anchorLine}\n`;
export const name = "7-zen-1201-03";

/** A moment of 2026-03-04 by the clock of this process. */
export function at(clock: string): number {
  const [hours, minutes, seconds] = clock.split(":").map(Number);
  return new Date(2026, 2, 4, hours, minutes, seconds).getTime();
}

/** The same as realms send it. */
export function iso(clock: string): string {
  return new Date(at(clock)).toISOString();
}

export function js(code: string): string {
  return `\`\`\`js\n${code}\n\`\`\`\n`;
}
