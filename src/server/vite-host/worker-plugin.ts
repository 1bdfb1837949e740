/**
 * Puts the worker client before the code of the application's own dedicated and shared workers, in memory only. Vite marks
 * their entry modules by a query, which says as well how the browser will load them.
 */
import MagicString from "magic-string";
import type { Plugin } from "vite";

const entry = /[?&]worker_file&type=(\w+)/;
const client = "-vitrine/worker.js";
/** As Vite sees it: below its base, like every address of a module. */
const clientModule = `/${client}`;

/** @param base effective base of the server, known once the config is resolved */
export function workerPlugin(base: () => string): Plugin {
  return {
    name: "vitrine:worker",
    apply: "serve",
    // After Vite's own pass over worker entries, so that nothing stands before the client.
    enforce: "post",
    resolveId: (id) => (id === clientModule ? id : undefined),
    // The door answers for this address before Vite is asked; Vite only wants to know it before it is imported.
    load: (id) => (id === clientModule ? "" : undefined),
    transform(code, id) {
      const type = entry.exec(id)?.[1];
      if (type === undefined) return undefined;
      const text = new MagicString(code).prepend(firstLine(type, base()));
      return { code: text.toString(), map: text.generateMap({ hires: "boundary" }) };
    },
  };
}

/** On the first line of the code, so that all others keep their numbers. */
function firstLine(type: string, base: string): string {
  if (type === "module") return `import ${JSON.stringify(clientModule)};`;
  const own = `self.__vitrineWorker = ${JSON.stringify(base + client)};`;
  const classic = JSON.stringify(`${base}-vitrine/worker-classic.js`);
  if (type === "classic") return `${own} importScripts(${classic});`;
  // Only the application knows the type. A module worker refuses `importScripts`; there the client comes a little later.
  // Not as a literal, which Vite would want to resolve.
  const later = "import(/* @vite-ignore */ self.__vitrineWorker)";
  return `${own} try { importScripts(${classic}); } catch { ${later}; }`;
}
