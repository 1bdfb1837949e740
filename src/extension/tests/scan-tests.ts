/**
 * Pure: the tests that a file names, found without a parser. Tolerant: what it cannot read it steps over, and a file that
 * is being typed gives the tests that are complete enough to be seen. Linear in the length of the text.
 */
import { skipTrivia } from "./skip-trivia.ts";

export interface ScannedTest {
  readonly kind: "suite" | "test";
  readonly name: string;
  /** Offsets: the word `test`, and behind its closing parenthesis or the end of what could be read. */
  readonly start: number;
  readonly end: number;
  readonly children: readonly ScannedTest[];
}

interface OpenCall {
  readonly kind: ScannedTest["kind"];
  readonly name: string;
  readonly start: number;
  /** Number of open parentheses around the call. */
  readonly depth: number;
  readonly children: ScannedTest[];
}

const call = /(?:test|it|describe|suite)(?:\s*\.\s*(?:only|skip|todo))?\s*\(\s*(?=["'`])/y;
const word = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const number = /\d[\w.]*/y;

/** Tests and suites with literal names, as they are nested. */
export function scanTests(text: string): readonly ScannedTest[] {
  const top: ScannedTest[] = [];
  const open: OpenCall[] = [];
  let depth = 0;
  let position = 0;
  /** The last character that was neither space nor comment, for `.test(` and for what a slash begins. */
  let before = "";
  const close = (end: number): void => {
    const { kind, name, start, children } = open.pop()!;
    (open.at(-1)?.children ?? top).push({ kind, name, start, end, children });
  };
  while (position < text.length) {
    const next = skipTrivia(text, position, before);
    if (next > position) {
      // A string or a regular expression ends an operand; white space and comments change nothing.
      const last = text[next - 1] ?? "";
      if (!isSpace(text[position] ?? "") && !isComment(text, position)) before = last;
      position = next;
      continue;
    }
    const begun = before === "." ? undefined : callAt(text, position);
    if (begun) {
      open.push({ ...begun, start: position, depth, children: [] });
      depth += 1;
      position = begun.end;
      before = ")";
      continue;
    }
    const end = endOfToken(text, position);
    const token = text.slice(position, end);
    if (token === "(") depth += 1;
    if (token === ")") {
      depth = Math.max(depth - 1, 0);
      while (open.length > 0 && open.at(-1)!.depth >= depth) close(end);
    }
    before = operandBefore.has(token) ? "(" : token.slice(-1);
    position = end;
  }
  while (open.length > 0) close(text.length);
  return top;
}

/** Words behind which a slash begins a regular expression. */
const operandBefore: ReadonlySet<string> = new Set(
  "return typeof case in of do else void delete throw new await yield instanceof".split(" "),
);

function callAt(
  text: string,
  position: number,
): { kind: ScannedTest["kind"]; name: string; end: number } | undefined {
  call.lastIndex = position;
  const [head] = call.exec(text) ?? [];
  if (head === undefined) return undefined;
  const from = position + head.length;
  const end = skipTrivia(text, from, "(");
  const literal = text.slice(from, end);
  // A template with a value in it has no name before it runs.
  if (literal.length < 2 || literal.at(-1) !== literal[0] || /^`[^]*\$\{/.test(literal))
    return undefined;
  const name = unescaped(literal.slice(1, -1));
  return { kind: /^(?:describe|suite)/.test(head) ? "suite" : "test", name, end };
}

function endOfToken(text: string, position: number): number {
  // Outside strings a backslash stands in broken code only; with what it escapes it begins nothing.
  if (text[position] === "\\") return position + 2;
  for (const token of [word, number]) {
    token.lastIndex = position;
    if (token.test(text)) return token.lastIndex;
  }
  return position + 1;
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}

function isComment(text: string, position: number): boolean {
  return text[position] === "/" && (text[position + 1] === "/" || text[position + 1] === "*");
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2})|([^]))/gi,
    (_whole, ...[wide, four, two, other]: (string | undefined)[]) => {
      const code = Number.parseInt(wide ?? four ?? two ?? "", 16);
      if (other !== undefined) return escapes[other] ?? (other === "\n" ? "" : other);
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : "";
    },
  );
}
