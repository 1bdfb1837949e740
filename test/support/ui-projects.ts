/** Small projects, and servers of pages that are not our Vite host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { onTestFinished } from "vitest";
import { eventually } from "./eventually.ts";
import { removeTree, writeTree } from "./server.ts";

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

/** One without a configuration, gone after the test. @returns its root */
export async function plainProject(title = "shop"): Promise<string> {
  const root = await writeTree({
    "index.html": `<!doctype html><title>${title}</title><script type="module" src="/main.ts"></script>`,
    "main.ts": "export const n: number = 1;\n",
  });
  onTestFinished(() => removeTree(root));
  return root;
}

export interface OutsideServer {
  readonly pid: number;
  readonly address: string;
  end(): Promise<void>;
}

/** A Vite as somebody starts it in a terminal; ended after the test. */
export async function startVite(root: string): Promise<OutsideServer> {
  const child = spawn(process.execPath, [viteProgram, "--host", "127.0.0.1", "--port", "0"], {
    cwd: root,
    // Where CI is set it would print its address in colours.
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  onTestFinished(end);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const address = await eventually("its address", () => /http:\/\/127\S+?\//.exec(output)?.[0]);
  return { pid: child.pid ?? 0, address, end };
}
