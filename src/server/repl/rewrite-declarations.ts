/** Functions, classes, enums and namespaces become assignments to properties of the scope; types go. */
import type {
  Class,
  Function as FunctionNode,
  TSEnumDeclaration,
  TSModuleDeclaration,
} from "oxc-parser";
import type { SyntaxNode } from "./block-source.ts";
import { hoist, type Rewrite, replace } from "./rewrite-edits.ts";
import { rewriteVariables, type Variables } from "./rewrite-variables.ts";

/** Scripts of the namespaces, by the offsets where they start. */
export type Namespaces = ReadonlyMap<number, string>;

/** A statement that has no meaning at run time. */
export function isType(node: SyntaxNode): boolean {
  if (
    node.type === "TSInterfaceDeclaration" ||
    node.type === "TSTypeAliasDeclaration" ||
    node.type === "TSDeclareFunction"
  )
    return true;
  if (node.type === "ExportNamedDeclaration" && "exportKind" in node && node.exportKind === "type")
    return true;
  return "declare" in node && node.declare === true;
}

/** A declaration at the top level of a block, without `export`. */
export function rewriteDeclaration(
  rewrite: Rewrite,
  node: SyntaxNode,
  namespaces: Namespaces,
): void {
  if (isType(node)) {
    replace(rewrite, node, "");
    return;
  }
  switch (node.type) {
    case "VariableDeclaration":
      rewriteVariables(rewrite, node as Variables, "statement");
      return;
    case "FunctionDeclaration":
      rewriteFunction(rewrite, node as FunctionNode);
      return;
    case "ClassDeclaration":
      rewriteClass(rewrite, node as Class);
      return;
    case "TSEnumDeclaration":
      rewriteEnum(rewrite, node as TSEnumDeclaration);
      return;
    case "TSModuleDeclaration":
      rewriteNamespace(rewrite, node as TSModuleDeclaration, namespaces);
  }
}

/** `name = function (…) {…}`, before everything else: hoisted, and found through the scope by closures of any block. */
function rewriteFunction(rewrite: Rewrite, node: FunctionNode): void {
  if (!node.id) return;
  const { name } = node.id;
  rewrite.declared.add(name);
  replace(rewrite, node.id, "");
  rewrite.text.appendRight(node.start, `;${name} = `);
  rewrite.text.prependLeft(node.end, ";");
  hoist(rewrite, node);
}

function rewriteClass(rewrite: Rewrite, node: Class): void {
  if (!node.id) return;
  const { code, text } = rewrite;
  const decorators = node.decorators;
  if (decorators.length > 0) rewrite.needsTransform = true;
  rewrite.declared.add(node.id.name);
  text.appendRight(Math.min(node.start, decorators[0]?.start ?? node.start), `;${node.id.name} = `);
  text.prependLeft(node.end, ";");
  if (!node.abstract) return;
  const from = Math.max(node.start, decorators.at(-1)?.end ?? 0);
  const start = code.indexOf("abstract", from);
  replace(rewrite, { start, end: start + "abstract".length }, "");
}

function rewriteEnum(rewrite: Rewrite, node: TSEnumDeclaration): void {
  const { name } = node.id;
  rewrite.declared.add(name);
  rewrite.text.appendRight(node.start, `;${name} = (() => { `);
  rewrite.text.prependLeft(node.end, ` return ${name}; })();`);
}

/** A namespace cannot stand in a function: it comes ready from the caller, as assignments to its name. */
function rewriteNamespace(
  rewrite: Rewrite,
  node: TSModuleDeclaration,
  namespaces: Namespaces,
): void {
  const script = namespaces.get(node.start) ?? "";
  const name = /^[\p{ID_Continue}$]+/u.exec(rewrite.code.slice(node.id.start))?.[0];
  if (name && script) rewrite.declared.add(name);
  replace(rewrite, node, script);
}
