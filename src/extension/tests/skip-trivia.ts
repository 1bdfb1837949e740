/** Pure: steps over what may hold brackets and words that mean nothing: space, comments, strings, regular expressions. */

const space = /\s+/y;
const lineComment = /\/\/.*/y;
const blockComment = /\/\*[^]*?\*\//y;
const singleQuoted = /'(?:[^'\\\n]|\\[^])*'/y;
const doubleQuoted = /"(?:[^"\\\n]|\\[^])*"/y;
// Bounded, so that a line of nothing but slashes costs no more than its length.
const regularExpression =
  /\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,200}\]){1,200}\/[a-z]*/y;

/** Behind one of these a slash divides; anywhere else it begins a regular expression. */
const endsOperand = /[\w$)\]}"'`]/;

/**
 * The offset behind the trivia at a position, or the position itself where there is none.
 * @param before the last character of code in front of it.
 */
export function skipTrivia(text: string, position: number, before: string): number {
  switch (text[position]) {
    case "'":
      return behind(singleQuoted, text, position);
    case '"':
      return behind(doubleQuoted, text, position);
    case "`":
      return skipTemplate(text, position);
    case "/":
      return skipSlash(text, position, before);
    default:
      return behind(space, text, position);
  }
}

function skipSlash(text: string, position: number, before: string): number {
  const next = text[position + 1];
  if (next === "/") return behind(lineComment, text, position);
  // An unfinished comment hides the rest, as it does in the language.
  if (next === "*") {
    const end = behind(blockComment, text, position);
    return end === position ? text.length : end;
  }
  return before !== "" && endsOperand.test(before)
    ? position
    : behind(regularExpression, text, position);
}

/** A template with everything in it, values included. An unfinished one hides the rest. */
function skipTemplate(text: string, position: number): number {
  /** For each open template the number of open braces of its value; -1 in its text. */
  const open: number[] = [-1];
  for (let at = position + 1; at < text.length; at += 1) {
    const character = text[at];
    const braces = open.at(-1)!;
    if (character === "\\") at += 1;
    else if (character === "`") {
      if (braces === -1) open.pop();
      else open.push(-1);
      if (open.length === 0) return at + 1;
    } else if (braces === -1) {
      if (character === "$" && text[at + 1] === "{") {
        open[open.length - 1] = 0;
        at += 1;
      }
    } else if (character === "{") open[open.length - 1] = braces + 1;
    else if (character === "}") open[open.length - 1] = braces - 1;
  }
  return text.length;
}

function behind(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}
