/**
 * Link reference definitions. They matter here for one thing: a line of `=` or `-` below nothing but definitions is
 * no heading, so what follows still belongs to a paragraph.
 */

const MOST_LABEL_CHARACTERS = 999;

/** `content` (lines joined with LF, no blank ones, starting with `[`) has definitions and nothing else. */
export function isOnlyDefinitions(content: string): boolean {
  let offset = 0;
  while (offset < content.length) {
    const end = definitionEnd(content, offset);
    if (end < 0) return false;
    offset = skipSpace(content, end + 1);
  }
  return true;
}

/** Offset of the line end behind the definition at `from`, -1 when there is none. */
function definitionEnd(content: string, from: number): number {
  const label = labelEnd(content, from);
  if (label < 0 || content[label] !== ":") return -1;
  const destination = destinationEnd(content, skipWhite(content, label + 1));
  if (destination < 0) return -1;
  const title = titleEnd(content, destination);
  return title < 0 ? lineEnd(content, destination) : title;
}

function labelEnd(content: string, from: number): number {
  if (content[from] !== "[") return -1;
  let size = 0;
  let seen = false;
  for (let offset = from + 1; offset < content.length; offset += 1) {
    const character = content[offset] ?? "";
    if (character === "[") return -1;
    if (character === "]") return seen && size <= MOST_LABEL_CHARACTERS ? offset + 1 : -1;
    if (character === "\n") continue;
    size += 1;
    if (size > MOST_LABEL_CHARACTERS) return -1;
    seen ||= !/[ \t]/.test(character);
    if (character === "\\" && /[[\\\]]/.test(content[offset + 1] ?? "")) {
      offset += 1;
      size += 1;
    }
  }
  return -1;
}

function destinationEnd(content: string, from: number): number {
  return content[from] === "<" ? enclosedEnd(content, from + 1) : rawEnd(content, from);
}

function enclosedEnd(content: string, from: number): number {
  for (let offset = from; offset < content.length; offset += 1) {
    const character = content[offset];
    if (character === ">") return offset + 1;
    if (character === "<" || character === "\n") return -1;
    if (character === "\\" && /[<>\\]/.test(content[offset + 1] ?? "")) offset += 1;
  }
  return -1;
}

function rawEnd(content: string, from: number): number {
  let balance = 0;
  let offset = from;
  for (; offset < content.length; offset += 1) {
    const character = content[offset] ?? "";
    if (character === "(") balance += 1;
    else if (character === ")") {
      if (balance === 0) break;
      balance -= 1;
    } else if (isControlOrSpace(character)) break;
    else if (character === "\\" && /[()\\]/.test(content[offset + 1] ?? "")) offset += 1;
  }
  if (offset === from || balance > 0) return -1;
  const stop = content[offset] ?? "\n";
  return /[ \t\n)]/.test(stop) ? offset : -1;
}

/** NUL is replaced before parsing, so it is an ordinary character. */
function isControlOrSpace(character: string): boolean {
  const code = character.charCodeAt(0);
  return (code > 0 && code <= 32) || code === 127;
}

/** Behind a title and what white space follows it on its line; -1 when there is no good one. */
function titleEnd(content: string, from: number): number {
  const start = skipWhite(content, from);
  const opening = content[start] ?? "";
  if (start === from || opening === "" || !"\"'(".includes(opening)) return -1;
  const marker = opening === "(" ? ")" : opening;
  for (let offset = start + 1; offset < content.length; offset += 1) {
    const character = content[offset];
    if (character === marker) return lineEnd(content, offset + 1);
    if (character === "\\" && (content[offset + 1] === marker || content[offset + 1] === "\\"))
      offset += 1;
  }
  return -1;
}

/** Offset of the line end, if only white space is before it; else -1. */
function lineEnd(content: string, from: number): number {
  const offset = skipSpace(content, from);
  return offset >= content.length || content[offset] === "\n" ? offset : -1;
}

function skipSpace(content: string, from: number): number {
  let offset = from;
  while (content[offset] === " " || content[offset] === "\t") offset += 1;
  return offset;
}

function skipWhite(content: string, from: number): number {
  let offset = from;
  while (content[offset] === " " || content[offset] === "\t" || content[offset] === "\n")
    offset += 1;
  return offset;
}
