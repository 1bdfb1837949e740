/**
 * Patterns of test files (REPL 12.3). `*` is any run within a name, `?` one character of it, `**` as a whole segment any
 * number of segments, `{a,b}` either; everything else is literal.
 */

/** More alternatives than anybody writes: beyond it braces are literal, so that no pattern multiplies without end. */
const mostAlternatives = 1000;

/**
 * Matches paths from the root, with or without a leading slash. A pattern with a `..` segment, or without any segment,
 * matches nothing. Matching takes time in proportion to path and pattern: what a star took is never tried again.
 */
export function patternToRegex(glob: string): RegExp {
  const alternatives = expandBraces(glob.replaceAll("\\", "/"));
  const groups = { count: 0 };
  const sources = alternatives.map((alternative) => pathSource(alternative, groups));
  return new RegExp(`^(?:${sources.join("|")})$`, "u");
}

interface Groups {
  count: number;
}

function pathSource(pattern: string, groups: Groups): string {
  const segments = pattern.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || segments.includes("..")) return "(?!)";
  const runs: string[][] = [[]];
  for (const segment of segments) {
    if (segment === "**") runs.push([]);
    else runs.at(-1)?.push(segment);
  }
  const [first = "", ...others] = runs.map((run) =>
    run.map((segment) => segmentSource(segment, groups)).join("/"),
  );
  const last = others.pop();
  if (last === undefined) return begin + first;
  const middle = others.filter((run) => run !== "");
  const open = first === "" ? begin : `${begin}${first}/`;
  if (last !== "")
    return `${open}${middle.map((run) => earliest(folders, `${run}/`, groups)).join("")}(?:[^/]+/)*${last}`;
  // At the end `**` is anything, and also nothing: `src/**` is `src` itself.
  const final = middle.pop();
  if (final === undefined) return first === "" ? ".*" : `${begin}${first}(?:/.*)?`;
  const before = middle.map((run) => earliest(folders, `${run}/`, groups)).join("");
  return `${open}${before}${earliest(folders, `${final}(?![^/])`, groups)}(?:/.*)?`;
}

/** The slash in front, which no star may take for the end of an empty name. */
const begin = "(?:/|(?!/))";
/** Any number of folders, as few as possible. */
const folders = "(?:[^/]+/)*?";

function segmentSource(segment: string, groups: Groups): string {
  const [first = "", ...others] = segment.split(/\*+/).map(literalSource);
  const last = others.pop();
  if (last === undefined) return first;
  const middle = others.map((part) => earliest("[^/]*?", part, groups));
  return `${first}${middle.join("")}[^/]*${last}`;
}

/**
 * The earliest place where `part` follows, for good: parts are of fixed length, in characters or in folders, so an early
 * match leaves the most room for the rest and trying later ones could only cost time. Look-ahead and reference forbid it.
 */
function earliest(skip: string, part: string, groups: Groups): string {
  groups.count += 1;
  const name = `g${groups.count}`;
  return `(?=(?<${name}>${skip}${part}))\\k<${name}>`;
}

function literalSource(text: string): string {
  return text.replace(/[$()+.[\\\]^{|}]/g, "\\$&").replaceAll("?", "[^/]");
}

/** All alternatives of a text with braces, as a shell makes them; braces without a comma or a partner are literal. */
function expandBraces(text: string): readonly string[] {
  let done = [""];
  for (let at = 0; at < text.length;) {
    const group = text[at] === "{" ? groupAt(text, at) : undefined;
    const parts = group?.parts.flatMap(expandBraces) ?? [text[at] ?? ""];
    if (done.length * parts.length > mostAlternatives) return [text];
    done = done.flatMap((start) => parts.map((part) => start + part));
    at = group?.end ?? at + 1;
  }
  return done;
}

function groupAt(text: string, start: number): { parts: string[]; end: number } | undefined {
  const parts = [""];
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "}" && --depth === 0)
      return parts.length > 1 ? { parts, end: at + 1 } : undefined;
    if (character === "," && depth === 1) parts.push("");
    else if (at > start) parts[parts.length - 1] += character;
    if (character === "{") depth++;
  }
  return undefined;
}
