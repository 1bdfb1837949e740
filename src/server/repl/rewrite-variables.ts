/** `const`, `let` and `var` become assignments to properties of the scope. */
import type { VariableDeclaration } from "oxc-parser";
import { type Rewrite, replace } from "./rewrite-edits.ts";

export type Variables = VariableDeclaration;
type Pattern = Variables["declarations"][number]["id"];

/** Where the declaration stands: as a statement, as the first part of a `for (;;)`, or before `of` and `in`. */
type Position = "statement" | "for" | "for-each";

/** `const {a} = b, c = 1` → `;({a} = b), c = 1;`. `using` stays a local binding. */
export function rewriteVariables(rewrite: Rewrite, node: Variables, position: Position): void {
  if (node.kind === "using" || node.kind === "await using") {
    rewrite.needsTransform = true;
    return;
  }
  const { code, text } = rewrite;
  const [first] = node.declarations;
  if (!first) return;
  replace(rewrite, { start: node.start, end: first.start }, position === "statement" ? ";" : "");
  if (position === "statement" && code[node.end - 1] !== ";") text.prependLeft(node.end, ";");
  for (const declarator of node.declarations) {
    const { id, init, start, end } = declarator;
    for (const name of bindingNames(id)) rewrite.declared.add(name);
    if (position !== "for-each" && id.type !== "Identifier") {
      text.appendRight(start, "(");
      text.prependLeft(end, ")");
    }
    // A `var` without a value keeps the one it has.
    if (!init && node.kind !== "var") text.prependLeft(end, " = void 0");
    removeType(rewrite, id);
  }
}

/** All names that a pattern binds. */
export function bindingNames(pattern: Pattern): readonly string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "AssignmentPattern":
      return bindingNames(pattern.left);
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => {
        if (!element) return [];
        return bindingNames(element.type === "RestElement" ? element.argument : element);
      });
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        bindingNames(property.type === "RestElement" ? property.argument : property.value),
      );
  }
}

/** `a!: T` → `a`: in an assignment there is no place for a type. */
function removeType(rewrite: Rewrite, id: Pattern): void {
  if (!("typeAnnotation" in id) || !id.typeAnnotation) return;
  const { start } = id.typeAnnotation;
  const definite = /!\s*$/.exec(rewrite.code.slice(id.start, start));
  replace(rewrite, { start: definite ? id.start + definite.index : start, end: id.end }, "");
}
