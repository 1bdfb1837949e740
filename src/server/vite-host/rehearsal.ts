/**
 * What the first start of a Vite pays once per process is paid ahead: a server on an empty folder, without any config or
 * plugin of a user, transforms one page. It takes about 50 ms from the next start, a third of it from loading the config.
 */
import type { Vite } from "./main.ts";

const page = '<!doctype html><script type="module" src="/rehearsal.tsx"></script>';
const modules: Readonly<Record<string, string>> = {
  "/rehearsal.tsx":
    'import "/rehearsal.css"; const n: number = 1; export default () => <b>{n}</b>;',
  "/rehearsal.css": "b { color: red; }",
};

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
  } catch {
    // An unusual Vite; its real start says what is wrong.
  } finally {
    // Vite sets it when it is missing, and the project's own config may decide otherwise.
    if (mode === undefined) delete process.env["NODE_ENV"];
  }
}
