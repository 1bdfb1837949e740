/** Small projects whose pages are served by something else than our Vite host. */
import path from "node:path";

/** The Vite of this repository, started by its own file: no package manager, no shell. */
export const viteProgram = path.resolve(import.meta.dirname, "../../node_modules/vite/bin/vite.js");

const page =
  '<!doctype html><title>Shop</title><h1>shop</h1><script type="module" src="/main.ts"></script>';

/** @param command `ui.command` of the one project, `shop` */
export function commandProject(
  command: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const ui = { root: ".", runner: "command", command };
  return {
    "index.html": page,
    "main.ts": "export const n: number = 1;\nimport.meta.hot?.accept();\n",
    "vitrine.json": JSON.stringify({ devServers: { projects: [{ id: "shop", root: ".", ui }] } }),
    ...more,
  };
}
