/** What must change anywhere in a block: dynamic imports, `import.meta`, calls of names, nested `var`. */
import { visitorKeys } from "oxc-parser";
import type { SyntaxNode } from "./block-source.ts";
import { type Rewrite, replace } from "./rewrite-edits.ts";
import { rewriteVariables, type Variables } from "./rewrite-variables.ts";

/** The children of a node by its own keys, as the parser's table names them. */
type AnyNode = SyntaxNode & Readonly<Record<string, unknown>>;

interface Walk {
  readonly rewrite: Rewrite;
  /** Starts of statements that stand in a list. */
  readonly statements: Set<number>;
  /** Starts of calls that are decorators, where parentheses are not allowed. */
  readonly decorators: Set<number>;
}

const FUNCTIONS = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "StaticBlock",
  "PropertyDefinition",
  "TSModuleDeclaration",
]);
const TYPE_WRAPPERS = new Set([
  "ParenthesizedExpression",
  "TSNonNullExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSInstantiationExpression",
]);

export function rewriteExpressions(rewrite: Rewrite, body: readonly SyntaxNode[]): void {
  const walk: Walk = { rewrite, statements: new Set(), decorators: new Set() };
  for (const statement of body) {
    walk.statements.add(statement.start);
    // Top-level variables are rewritten already, also behind `export`.
    visit(walk, statement as AnyNode, { inFunction: false, topLevel: true });
  }
  for (const { start } of rewrite.callees) {
    // A line that begins with a parenthesis would be a call of the line above, had that no semicolon.
    if (walk.statements.has(start)) rewrite.text.prependRight(start, ";");
  }
}

interface Position {
  readonly inFunction: boolean;
  readonly topLevel: boolean;
}

function visit(walk: Walk, node: AnyNode, position: Position): void {
  if (node.type === "TSModuleDeclaration" || node.type === "ImportDeclaration") return;
  rewriteNode(walk, node, position);
  const inFunction = position.inFunction || FUNCTIONS.has(node.type);
  const topLevel = position.topLevel && node.type.startsWith("Export");
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key];
    const children = (Array.isArray(child) ? child : [child]) as readonly (
      | AnyNode
      | null
      | undefined
    )[];
    const isList = Array.isArray(child) && (key === "body" || key === "consequent");
    for (const one of children) {
      if (!one) continue;
      if (isList) walk.statements.add(one.start);
      visit(walk, one, { inFunction, topLevel });
    }
  }
}

function rewriteNode(walk: Walk, node: AnyNode, position: Position): void {
  const { rewrite } = walk;
  switch (node.type) {
    case "ImportExpression":
      rewriteImport(rewrite, node);
      break;
    case "MetaProperty":
      if (rewrite.code.startsWith("import", node.start))
        replace(rewrite, node, `${rewrite.names.host}.meta`);
      break;
    case "CallExpression":
      if (!walk.decorators.has(node.start)) rewriteCallee(walk, node["callee"] as AnyNode);
      break;
    case "TaggedTemplateExpression":
      rewriteCallee(walk, node["tag"] as AnyNode);
      break;
    case "VariableDeclaration":
      if (!position.topLevel) rewriteNested(rewrite, node as unknown as Variables, position);
      break;
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
      rewriteLoop(rewrite, node, position);
      break;
    case "BinaryExpression":
      keepFromComment(rewrite, node);
      break;
    case "Decorator":
      rewrite.needsTransform = true;
      walk.decorators.add((node["expression"] as AnyNode).start);
  }
}

function rewriteImport({ code, text, names, specifiers }: Rewrite, node: AnyNode): void {
  text.update(node.start, node.start + "import".length, `${names.host}.import`);
  const source = node["source"] as AnyNode;
  const literal = source.type === "Literal" ? source["value"] : plainTemplate(code, source);
  if (typeof literal === "string") specifiers.add(literal);
}

function plainTemplate(code: string, source: AnyNode): string | undefined {
  const text = code.slice(source.start + 1, source.end - 1);
  return source.type === "TemplateLiteral" && !/[\\$]/.test(text) ? text : undefined;
}

/**
 * `f(x)` → `(0, f)(x)`: inside `with`, a function found in the scope would get the scope as `this`, and functions of
 * the platform (`const { fetch } = window`) refuse that.
 */
function rewriteCallee({ rewrite }: Walk, callee: AnyNode): void {
  let inner = callee;
  while (TYPE_WRAPPERS.has(inner.type)) inner = inner["expression"] as AnyNode;
  if (inner.type !== "Identifier" || inner["name"] === "eval") return;
  rewrite.text.appendRight(callee.start, "(0, ");
  rewrite.text.prependLeft(callee.end, ")");
  rewrite.callees.push(callee);
}

function rewriteNested(rewrite: Rewrite, node: Variables, { inFunction }: Position): void {
  if (node.kind === "using" || node.kind === "await using") rewrite.needsTransform = true;
  else if (node.kind === "var" && !inFunction && !rewrite.loopHeads.has(node.start))
    rewriteVariables(rewrite, node, "statement");
}

function rewriteLoop(rewrite: Rewrite, node: AnyNode, { inFunction }: Position): void {
  const head = (node.type === "ForStatement" ? node["init"] : node["left"]) as AnyNode | null;
  if (head?.type !== "VariableDeclaration") return;
  rewrite.loopHeads.add(head.start);
  const variables = head as unknown as Variables;
  if (variables.kind === "var" && !inFunction)
    rewriteVariables(rewrite, variables, node.type === "ForStatement" ? "for" : "for-each");
}

/** In a classic script `<!--` and, at the start of a line, `-->` begin a comment. */
function keepFromComment({ code, text }: Rewrite, node: AnyNode): void {
  const [left, right] = [node["left"] as AnyNode, node["right"] as AnyNode];
  if (code.startsWith("<!--", right.start - 1)) text.appendRight(right.start, " ");
  if (code.startsWith("-->", left.end - 2)) text.prependLeft(left.end, " ");
}
