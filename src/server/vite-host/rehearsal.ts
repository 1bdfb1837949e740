/**
 * What the first start of a Vite pays once per process is paid ahead: a page of our own is served as a project's would be,
 * by the same server behind the same door, and asked for once. No config, plugin or file of a user is touched.
 */
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import path from "node:path";
import { PACK_ROUTE } from "../../protocol/packs.ts";
import type { ServeOptions, ViteServerEvents } from "../../protocol/vite-host.ts";
import { startDevServer } from "./dev-server.ts";
import type { Vite } from "./main.ts";

/** A config costs the most of a first start: newer versions load it with a bundler. */
const files: Readonly<Record<string, string>> = {
  "vite.config.ts":
    'import path from "node:path";\nexport default { envDir: import.meta.dirname, publicDir: path.join("none") as string };\n',
  "package.json": '{ "type": "module" }',
  "index.html": '<!doctype html><script type="module" src="/main.ts"></script>',
  "main.ts":
    'import "./main.css"; import { two } from "./two.tsx"; const one: number = 1; export const sum = one + two();',
  "two.tsx": 'export const two = () => 2; export const lazy = () => import("./three.ts");',
  "three.ts": "export const three: number = 3;",
  "main.css": "b { color: red; }",
};

/** The one name by which the server of the rehearsal is asked. */
const host = "rehearsal.invalid";

const unheard: ViteServerEvents = {
  step() {},
  problemsChanged() {},
  served() {},
  edited() {},
  logged() {},
};

/**
 * @param directory an empty, private folder
 * @param signal aborted when the host is wanted: what has not begun is left out
 * Never rejects: without a rehearsal the start is only slower.
 */
export async function rehearse(vite: Vite, directory: string, signal: AbortSignal): Promise<void> {
  const mode = process.env["NODE_ENV"];
  try {
    for (const [name, text] of Object.entries(files))
      await writeFile(path.join(directory, name), text);
    if (signal.aborted) return;
    const server = await startDevServer(vite, optionsFor(directory), unheard);
    try {
      const html = signal.aborted ? "" : await get(server.served().url, "/");
      const packs = html.match(new RegExp(`/${PACK_ROUTE}\\w+\\.js`, "g")) ?? [];
      for (const pack of packs) if (!signal.aborted) await get(server.served().url, pack);
    } finally {
      await server.close();
    }
  } catch {
    // An unusual Vite; its real start says what is wrong.
  } finally {
    // Vite sets it when it is missing, and the project's own config may decide otherwise.
    if (mode === undefined) delete process.env["NODE_ENV"];
  }
}

function optionsFor(root: string): ServeOptions {
  return {
    root,
    configFile: path.join(root, "vite.config.ts"),
    preset: "plain",
    vite: "",
    port: 0,
    prefix: "/",
    origins: [],
    hosts: [host],
    pipe: "",
    cacheDir: path.join(root, "cache"),
    streaming: "auto",
    composite: { shared: [], plugins: [], published: [], pages: [] },
  };
}

function get(url: string, address: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: address, headers: { host }, agent: false })
      .once("response", async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve(Buffer.concat(chunks).toString());
      })
      .once("error", reject)
      .end();
  });
}
