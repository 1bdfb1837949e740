/** Static imports become awaited calls of the realm. */
import type { ImportDeclaration } from "oxc-parser";
import { hoist, type Rewrite, replace } from "./rewrite-edits.ts";

/** `import {a as b} from "c"` → `await host.bind(scope, "c", {b: "a"})`: live bindings, in front of everything else. */
export function rewriteImport(rewrite: Rewrite, node: ImportDeclaration): void {
  const specifiers = node.specifiers.filter(
    (specifier) => !("importKind" in specifier) || specifier.importKind !== "type",
  );
  const onlyTypes =
    node.importKind === "type" || (node.specifiers.length > 0 && specifiers.length === 0);
  if (onlyTypes) {
    replace(rewrite, node, "");
    return;
  }
  const bindings = specifiers.map(
    (specifier) =>
      `${JSON.stringify(specifier.local.name)}: ${JSON.stringify(importedName(specifier))}`,
  );
  const attributes = node.attributes.map(({ key, value }) => {
    const name = key.type === "Identifier" ? key.name : key.value;
    return `${JSON.stringify(name)}: ${JSON.stringify(value.value)}`;
  });
  const options = attributes.length > 0 ? `, { ${attributes.join(", ")} }` : "";
  replace(rewrite, node, bind(rewrite, node.source.value, `{ ${bindings.join(", ")} }${options}`));
  hoist(rewrite, node);
}

/** `*` for the namespace. */
function importedName(specifier: ImportDeclaration["specifiers"][number]): string {
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  return specifier.imported.type === "Literal" ? specifier.imported.value : specifier.imported.name;
}

/** Loads a module of which nothing is bound. */
export function loadOnly(rewrite: Rewrite, specifier: string): string {
  return bind(rewrite, specifier, "{}");
}

function bind({ names, specifiers }: Rewrite, specifier: string, bindings: string): string {
  specifiers.add(specifier);
  return `;await ${names.host}.bind(${names.scope}, ${JSON.stringify(specifier)}, ${bindings});`;
}
