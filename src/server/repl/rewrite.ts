/**
 * Rewrites a block into the body of an async function inside `with (scope)`: its top-level bindings become properties
 * of the scope, so that the next block sees them and may declare them anew (decision 31).
 */
import { MagicString } from "magic-string";
import type { Program } from "oxc-parser";
import type { ParsedBlock, SyntaxNode } from "./block-source.ts";
import { type Rewrite, replace, type WrapperNames } from "./rewrite-edits.ts";
import { isType, type Namespaces, rewriteDeclaration } from "./rewrite-declarations.ts";
import { rewriteExpressions } from "./rewrite-expressions.ts";
import { loadOnly, rewriteImport } from "./rewrite-imports.ts";

type Statement = Program["body"][number];

interface BlockToRewrite extends ParsedBlock {
  readonly code: string;
  readonly names: WrapperNames;
  readonly namespaces: Namespaces;
}

/** The body of the function, still with types and JSX, without what declares the bindings. */
export function rewriteBlock({ code, body, names, namespaces }: BlockToRewrite): Rewrite {
  const directives = body.findIndex((statement) => !isDirective(statement));
  const rewrite: Rewrite = {
    code,
    text: new MagicString(code),
    names,
    specifiers: new Set(),
    declared: new Set(),
    head: directives < 0 ? code.length : (body[directives - 1]?.end ?? 0),
    passed: false,
    loopHeads: new Set(),
    callees: [],
    needsTransform: false,
  };
  const value = valueStatement(body);
  for (const statement of body) {
    if (statement === value) returnValue(rewrite, statement);
    else rewriteStatement(rewrite, statement, namespaces);
    rewrite.passed ||= !isHoisted(statement) && !isDirective(statement);
  }
  rewriteExpressions(rewrite, body);
  return rewrite;
}

function isDirective(statement: Statement): boolean {
  return (
    statement.type === "ExpressionStatement" &&
    "directive" in statement &&
    typeof statement.directive === "string"
  );
}

/** Functions are hoisted, so they are not what a block ends with; types are nothing at all. */
function valueStatement(body: readonly Statement[]): Statement | undefined {
  const last = body.findLast(
    (statement) =>
      !isHoisted(statement) && !isType(statement) && statement.type !== "EmptyStatement",
  );
  if (last?.type === "ExpressionStatement") return last;
  return last?.type === "ExportDefaultDeclaration" && isExpression(last.declaration)
    ? last
    : undefined;
}

function isHoisted(statement: Statement): boolean {
  const declaration = exported(statement);
  return (
    statement.type === "ImportDeclaration" ||
    (declaration.type === "FunctionDeclaration" && "id" in declaration && declaration.id !== null)
  );
}

/** What an `export` stands in front of; other statements are themselves. */
function exported(statement: Statement): SyntaxNode {
  const isExport =
    statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration";
  return isExport ? (statement.declaration ?? statement) : statement;
}

/** An anonymous function or class behind `export default` is a value as any other. */
function isExpression(node: SyntaxNode): boolean {
  if (node.type !== "FunctionDeclaration" && node.type !== "ClassDeclaration") return !isType(node);
  return "id" in node && node.id === null;
}

function returnValue(rewrite: Rewrite, statement: Statement): void {
  const { text } = rewrite;
  if (isDirective(statement)) {
    text.append(
      `\n;return (${rewrite.code.slice(statement.start, statement.end).replace(/;\s*$/, "")});`,
    );
    return;
  }
  const expression =
    statement.type === "ExpressionStatement" ? statement.expression : exported(statement);
  replace(rewrite, { start: statement.start, end: expression.start }, "");
  text.appendRight(expression.start, ";return (");
  text.prependLeft(expression.end, ");");
}

function rewriteStatement(rewrite: Rewrite, statement: Statement, namespaces: Namespaces): void {
  switch (statement.type) {
    case "ImportDeclaration":
      rewriteImport(rewrite, statement);
      return;
    case "ExportAllDeclaration":
      replace(
        rewrite,
        statement,
        statement.exportKind === "type" ? "" : loadOnly(rewrite, statement.source.value),
      );
      return;
    case "ExportNamedDeclaration":
      rewriteExport(rewrite, statement, namespaces);
      return;
    case "ExportDefaultDeclaration":
      rewriteDefault(rewrite, statement);
      return;
    default:
      rewriteDeclaration(rewrite, statement, namespaces);
  }
}

type NamedExport = Extract<Statement, { type: "ExportNamedDeclaration" }>;

function rewriteExport(rewrite: Rewrite, statement: NamedExport, namespaces: Namespaces): void {
  const { declaration, source } = statement;
  if (!declaration || isType(statement)) {
    replace(
      rewrite,
      statement,
      source && !isType(statement) ? loadOnly(rewrite, source.value) : "",
    );
    return;
  }
  replace(rewrite, { start: statement.start, end: declaration.start }, "");
  rewriteDeclaration(rewrite, declaration, namespaces);
}

type DefaultExport = Extract<Statement, { type: "ExportDefaultDeclaration" }>;

function rewriteDefault(rewrite: Rewrite, statement: DefaultExport): void {
  const { declaration } = statement;
  replace(rewrite, { start: statement.start, end: declaration.start }, "");
  if (isExpression(declaration)) {
    rewrite.text.appendRight(declaration.start, ";(");
    rewrite.text.prependLeft(declaration.end, ");");
  } else rewriteDeclaration(rewrite, declaration, new Map());
}
