/** The lines that give a log its structure (REPL specification 3.3 to 3.5, 9 and 10): what they look like, old forms included. */

/** Signs, each as it is written. Readers take them with and without U+FE0F: editors and models drop it. */
export const SIGNS = {
  person: "\u{1F5E3}\uFE0F",
  success: "\u{1F44D}",
  failure: "\u{1F6AB}",
  alarm: "\u{1F198}",
  log: "\u2611\uFE0F",
  info: "\u2139\uFE0F",
  other: "\u{1F522}",
  daebug: "\u{1F47E}",
} as const;

export interface RequestHeading {
  readonly agent: string;
  readonly target: string;
  /** `HH:MM:SS`, empty in the oldest form without one. */
  readonly time: string;
}

export interface ReplyHeading {
  readonly page: string;
  readonly agent: string;
  readonly time: string;
  /** `succeeded`, `failed`, or `executing` when it has no duration yet. */
  readonly state: "executing" | "succeeded" | "failed";
}

const time = String.raw`(\d\d:\d\d:\d\d)`;
const request = new RegExp(
  String.raw`^###[ \t]*\u{1F5E3}\uFE0F?(\S+)[ \t]+to[ \t]+(\S+)[ \t]+at[ \t]+${time}[ \t]*$`,
  "u",
);
const oldRequest = new RegExp(
  String.raw`^>[ \t]*\*\*([^*]+)\*\*[ \t]+to[ \t]+(\S+)[ \t]+at[ \t]+${time}[ \t]*$`,
  "u",
);
const oldestRequest = new RegExp(
  String.raw`^\*\*([^*]+)\*\*[ \t]+to[ \t]+(\S+)(?:[ \t]+at[ \t]+${time})?[ \t]*$`,
  "u",
);
const reply = new RegExp(
  String.raw`^####[ \t]*(\u{1F44D}|\u{1F6AB})\uFE0F?(\S+)[ \t]+to[ \t]+(\S+)[ \t]+at[ \t]+${time}(?:[ \t]+(\([^)]*\))(?:[ \t]+late)?)?[ \t]*$`,
  "u",
);
const oldReply = new RegExp(
  String.raw`^(?:>[ \t]*)?\*\*([^*]+)\*\*[ \t]+to[ \t]+(\S+)[ \t]+at[ \t]+${time}[ \t]+(\(.*\))[ \t]*$`,
  "u",
);
const background =
  /^(?:###[ \t]*\u{1F5E3}\uFE0F?\S+|>[ \t]*\*\*[^*]+\*\*)[ \t]+background at[ \t]/u;
const system = /^###[ \t]*\u{1F5E3}\uFE0F?System at[ \t]/u;
const event = /^#####[ \t]*(?:\u{1F6AB}|\u{1F198}|\u2611\uFE0F?|\u2139\uFE0F?|\u{1F522})\uFE0F?\S/u;
const testHeading = /^## Test (?:Results|Progress): /;
const testItem = /^[\u2713\u2717\u25CB] /u;
const omitted = /^\.\.\. \(\d+ more background events omitted\) \.\.\.$/;
/** For what stands in a fence by mistake: time and duration may be missing (4.2, rule 4). */
const anyHeading =
  /^(?:#{1,6}[ \t]*(?:\u{1F44D}|\u{1F6AB}|\u{1F5E3})\uFE0F?\S+|(?:>[ \t]*)?\*\*[^*\n]+\*\*)[ \t]+to[ \t]+\S/u;

/**
 * @param page where a heading of this realm is expected: only there the oldest form may lack its time, elsewhere it is
 * emphasis in ordinary text
 * @returns agent, target and time of a request heading in any form, undefined for any other line
 */
export function readRequestHeading(line: string, page?: string): RequestHeading | undefined {
  const match = request.exec(line) ?? oldRequest.exec(line) ?? oldestRequest.exec(line);
  if (match === null || (match[3] === undefined && match[2] !== page)) return undefined;
  return { agent: match[1]!.trim(), target: match[2]!, time: match[3] ?? "" };
}

/** @returns what a reply heading says, undefined for any other line */
export function readReplyHeading(line: string): ReplyHeading | undefined {
  const match = reply.exec(line);
  if (match !== null) {
    const [, sign, page, agent, at, duration] = match;
    const state =
      sign === SIGNS.failure ? "failed" : duration === undefined ? "executing" : "succeeded";
    return { page: page!, agent: agent!, time: at!, state };
  }
  const old = oldReply.exec(line);
  if (old === null) return undefined;
  const state = old[4]!.includes("ERROR") ? "failed" : "succeeded";
  return { page: old[1]!, agent: old[2]!, time: old[3]!, state };
}

export function isBackgroundHeading(line: string): boolean {
  return background.test(line);
}

export function isSystemHeading(line: string): boolean {
  return system.test(line);
}

export function isEventHeading(line: string): boolean {
  return event.test(line);
}

export function isTestHeading(line: string): boolean {
  return testHeading.test(line);
}

export function isTestItem(line: string): boolean {
  return testItem.test(line);
}

/** The last line of an executing region. */
export function isPlaceholder(line: string): boolean {
  return line.startsWith("executing (");
}

/** The paragraph that stands for events that are left out (9.4). */
export function isOmission(line: string): boolean {
  return omitted.test(line);
}

/** Whether code begins with a heading of a log: an agent left a piece of it inside a fence. */
export function beginsWithHeading(code: string): boolean {
  return anyHeading.test(code.trimStart());
}

/** Any line that only the server writes (section 1), rule and anchor excepted. */
export function isServerMarker(line: string): boolean {
  return (
    readRequestHeading(line) !== undefined ||
    readReplyHeading(line) !== undefined ||
    isEventHeading(line) ||
    isSystemHeading(line) ||
    isBackgroundHeading(line) ||
    isTestHeading(line) ||
    isPlaceholder(line) ||
    isOmission(line)
  );
}
