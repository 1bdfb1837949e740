/** The text of a block: where it stands in its document, and how it is parsed. */
import { type OxcError, parseSync, type Program } from "oxc-parser";
import type { Block } from "../../markdown/blocks.ts";

/** Where the code of a block stands in its document. Lines and columns 0-based. */
export interface BlockPlace {
  /** Absolute path of the document. */
  readonly file: string;
  readonly lineOffset: number;
  /** What to add to a column of the code: for all lines, or for each (`columns` of a Block). */
  readonly columnOffset: number | readonly number[];
  readonly documentText: string;
}

/** The block is not valid in its language. Line and column of the document, 1-based. */
export class BlockSyntaxError extends Error {
  override readonly name = "BlockSyntaxError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, place: { line: number; column: number }, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.line = place.line;
    this.column = place.column;
  }
}

/** A syntax node of any type. Offsets are UTF-16 units of the code. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

type Language = "js" | "jsx" | "ts" | "tsx";

export interface ParsedBlock {
  readonly language: Language;
  readonly body: Program["body"];
}

// A language without JSX is tried first: `<T>x` is a cast in ts and an element in tsx.
const CANDIDATES: Readonly<Record<Block["language"], readonly Language[]>> = {
  js: ["js", "jsx"],
  mjs: ["js", "jsx"],
  jsx: ["jsx"],
  ts: ["ts", "tsx"],
  mts: ["ts", "tsx"],
  tsx: ["tsx"],
};

/** Line and column (1-based) in the document of a 0-based line and column of the code. */
export function documentPosition(
  { lineOffset, columnOffset }: BlockPlace,
  line: number,
  column: number,
): { line: number; column: number } {
  const shift = typeof columnOffset === "number" ? columnOffset : (columnOffset[line] ?? 0);
  return { line: lineOffset + line + 1, column: Math.max(0, column + shift) + 1 };
}

/** Parses as a module, in which a top-level `return` is allowed as well. A sole `{…}` that can be an object is one. */
export function parseBlock(
  code: string,
  language: Block["language"],
  place: BlockPlace,
): ParsedBlock {
  const attempts = CANDIDATES[language].map((candidate) => attempt(code, candidate));
  const parsed = attempts.find(({ error }) => error === undefined);
  if (parsed) refuseCommonJs(code, parsed.body, place);
  const [only, more] = parsed?.body ?? [];
  if (parsed && (more || only?.type !== "BlockStatement")) return parsed;
  const object = CANDIDATES[language]
    .map((candidate) => parseObject(code, candidate))
    .find((found) => found !== undefined);
  const result = object ?? parsed;
  if (!result) throw syntaxError(attempts[0]?.error, code, place);
  return result;
}

/** TypeScript's own forms of import and export need a module of that kind around them. */
function refuseCommonJs(code: string, body: Program["body"], place: BlockPlace): void {
  const found = body.find(
    ({ type }) => type === "TSImportEqualsDeclaration" || type === "TSExportAssignment",
  );
  if (!found) return;
  const { line, column } = positionAt(code, found.start);
  const message = `\`${code.slice(found.start, found.end)}\` cannot stand in a block. Write \`import … from\` or \`export const\``;
  throw new BlockSyntaxError(message, documentPosition(place, line, column));
}

/** Position of an offset of the code, 0-based. */
export function positionAt(code: string, offset: number): { line: number; column: number } {
  const before = code.slice(0, offset);
  return { line: before.split("\n").length - 1, column: offset - (before.lastIndexOf("\n") + 1) };
}

function attempt(code: string, language: Language): ParsedBlock & { error: OxcError | undefined } {
  const { program, errors } = parseSync(`block.${language}`, code, {
    lang: language,
    sourceType: "module",
    astType: "ts",
  });
  return { language, body: program.body, error: errors.find((error) => !isTopLevelReturn(error)) };
}

/** The parser reports it and goes on: nested functions are no matter of this error. */
function isTopLevelReturn(error: OxcError): boolean {
  return error.message.startsWith("A 'return' statement can only be used within a function body");
}

function parseObject(code: string, language: Language): ParsedBlock | undefined {
  const { body, error } = attempt(`(${code}\n)`, language);
  const [only] = body;
  if (error || only?.type !== "ExpressionStatement") return undefined;
  const { expression } = only;
  if (
    expression.type !== "ParenthesizedExpression" ||
    expression.expression.type !== "ObjectExpression"
  )
    return undefined;
  const object = expression.expression;
  shiftBack(object);
  return {
    language,
    body: [{ ...only, expression: object, start: object.start, end: object.end }],
  };
}

/** The tree was read behind one more character than the code has. */
function shiftBack(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) shiftBack(item);
  else if (typeof value === "object" && value !== null && "type" in value) {
    const node = value as unknown as { start: number; end: number };
    node.start -= 1;
    node.end -= 1;
    for (const child of Object.values(value)) shiftBack(child);
  }
}

function syntaxError(
  error: OxcError | undefined,
  code: string,
  place: BlockPlace,
): BlockSyntaxError {
  const { line, column } = positionAt(code, error?.labels[0]?.start ?? 0);
  return new BlockSyntaxError(
    error?.message ?? "The block cannot be parsed",
    documentPosition(place, line, column),
  );
}
