/** The text of modules that stand for a package of the host page. Pure. */
import { SHARED_ALIAS } from "../../../protocol/plugins.ts";

export interface SharedPackage {
  /** As it is imported: `react`, `react-dom/client`. */
  readonly name: string;
  /** Names it exports; a module has to say them before it runs. */
  readonly names: readonly string[];
  /** Global under which the host page provides packages. */
  readonly globalName: string;
}

/**
 * The host is asked when the module runs, since one server serves both: where no page provides anything (the project alone
 * in its own frame, a worker, a test) the package is the project's own, and nothing is shared.
 * @param own expression for the project's own package
 */
function findModule({ name, globalName }: SharedPackage, own: string): string {
  const key = JSON.stringify(name);
  const missing = JSON.stringify(
    `The host page does not provide ${name}, which this plugin lists in ui.shared of vitrine.json: install ${name} in the project of the host page, or take it out of the list`,
  );
  return `const host = globalThis[${JSON.stringify(globalName)}] ?? globalThis[${JSON.stringify(SHARED_ALIAS)}];
if (host !== undefined && host[${key}] === undefined) throw new Error(${missing});
const shared = host === undefined ? ${own} : host[${key}];
`;
}

/** For importers that are ES modules. */
export function moduleSource(shared: SharedPackage, own: string): string {
  const named = shared.names.filter((name) => name !== "default");
  return `${findModule(shared, own)}export default shared.default ?? shared;
${named.map((name, index) => `const _${index} = shared[${JSON.stringify(name)}];`).join("\n")}
export { ${named.map((name, index) => `_${index} as ${name}`).join(", ")} };
`;
}

/** For importers that call `require`: what they get may be a function. */
export function commonSource(shared: SharedPackage, own: string): string {
  return `${findModule(shared, own)}module.exports = shared.__esModule ? shared : (shared.default ?? shared);\n`;
}
