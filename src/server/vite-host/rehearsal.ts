/**
 * What the first start of a Vite pays once per process is paid ahead: a server on an empty folder, without any config or
 * plugin of a user, transforms one page. It takes about 50 ms from the next start, a third of it from loading the config.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Vite } from "./main.ts";

const page = '<!doctype html><script type="module" src="/rehearsal.tsx"></script>';
const modules: Readonly<Record<string, string>> = {
  "/rehearsal.tsx":
    'import "/rehearsal.css"; const n: number = 1; export default () => <b>{n}</b>;',
  "/rehearsal.css": "b { color: red; }",
};

const script =
  'import one from "/one.js"; export const two = async () => one + (await import("/two.js"));';

/** @param directory an empty, private folder. Never rejects: without a rehearsal the start is only slower. */
export async function rehearse(vite: Vite, directory: string): Promise<void> {
  const mode = process.env["NODE_ENV"];
  try {
    const server = await vite.createServer({
      root: directory,
      cacheDir: directory,
      configFile: false,
      envDir: directory,
      logLevel: "silent",
      server: { middlewareMode: true, watch: null, hmr: false },
      optimizeDeps: { noDiscovery: true, include: [] },
      plugins: [
        {
          name: "vitrine:rehearsal",
          resolveId: (id) => (id in modules ? id : undefined),
          load: (id) => modules[id],
        },
      ],
    });
    await server.transformIndexHtml("/index.html", page);
    await Promise.allSettled(Object.keys(modules).map((id) => server.transformRequest(id)));
    await server.close();
    await rehearseConfig(vite, directory);
    // What packs are made with; Vite 5 has none of it.
    await vite.moduleRunnerTransform?.(script, null, "/rehearsal.js", script);
  } catch {
    // An unusual Vite; its real start says what is wrong.
  } finally {
    // Vite sets it when it is missing, and the project's own config may decide otherwise.
    if (mode === undefined) delete process.env["NODE_ENV"];
  }
}

/** A config of our own: what loads one (a bundler, in newer versions) is the slowest part of a first start. */
async function rehearseConfig(vite: Vite, directory: string): Promise<void> {
  const file = path.join(directory, "vite.config.ts");
  const text = 'import path from "node:path";\nexport default { cacheDir: path.sep as string };\n';
  await writeFile(file, text);
  await vite.loadConfigFromFile(
    { command: "serve", mode: "development" },
    file,
    directory,
    "silent",
  );
}
