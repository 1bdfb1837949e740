/** Projects with a Vite of their own, of every major version that is supported (decision 15). */
import { symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { WebSocket } from "ws";
import { expect, test } from "vitest";
import type { Session } from "../../src/protocol/model.ts";
import { eventually } from "../support/eventually.ts";
import { installedPackage } from "../support/packages.ts";
import { removeTree, startServer, writeTree } from "../support/server.ts";

/** The updates that a page would hear of. */
async function listen(
  session: Session,
  token: string,
): Promise<{ types: string[]; close(): void }> {
  const types: string[] = [];
  const socket = new WebSocket(`${session.url.replace("http", "ws")}?token=${token}`, "vite-hmr", {
    origin: session.url.slice(0, -1),
  });
  socket.on("message", (data: Buffer) =>
    types.push((JSON.parse(data.toString()) as { type: string }).type),
  );
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  return { types, close: () => socket.terminate() };
}

test.each(["5.4.21", "6.4.6", "7.3.8"])(
  "Vite %s serves, hears of saves, reports and clears errors",
  async (version) => {
    const modules = await installedPackage("vite", version);
    const root = await writeTree({
      "package.json": JSON.stringify({
        name: "old",
        type: "module",
        devDependencies: { vite: version },
      }),
      "vite.config.js":
        'import { defineConfig } from "vite";\nexport default defineConfig({ server: { allowedHosts: true, cors: true } });\n',
      "index.html": '<!doctype html><script type="module" src="/main.ts"></script>',
      "main.ts": 'import { a } from "./a";\nconsole.log(a);\n',
      "a.ts": "export const a: number = 1;\n",
      "worker.ts": 'import { a } from "./a";\nexport const b: number = a;\n',
      "a.test.ts":
        'import { test } from "node:test";\nimport { ok } from "node:assert/strict";\ntest("a", () => ok(1));\n',
    });
    try {
      await symlink(modules, path.join(root, "node_modules"));
      await using server = await startServer({ folders: [root] });
      const session = await server.sessionIs((await server.methods.openSession(root)).id, "live");
      expect(session.viteVersion).toBe(version);
      expect(session.notices.some((notice) => notice.includes("streaming needs Vite 6"))).toBe(
        version.startsWith("5"),
      );
      const get = async (url: string): Promise<string> =>
        (await fetch(new URL(url, session.url))).text();
      expect(await get("/")).toContain("-vitrine/page.js");
      expect(await get("/")).toContain('"node:test": "/-daebug-node:test.js"');
      const testFile = await get("/a.test.ts");
      expect(testFile).toContain('from "/-daebug-node:test.js"');
      expect(testFile).toContain('from "/-daebug-node:assert.js"');
      expect(await get("/-daebug-m/a.test.ts")).toContain('from "/-daebug-node:test.js"');
      await get("/main.ts");
      expect(await get("/a.ts")).toContain("const a = 1");
      // The client comes before anything else of the application's workers.
      expect(await get("/worker.ts?worker_file&type=module")).toMatch(
        /^import "\/-vitrine\/worker\.js";.*\nimport \{ a \} from "\/a\.ts/s,
      );
      expect(await get("/worker.ts?worker_file&type=classic")).toMatch(
        /^self\.__vitrineWorker = "\/-vitrine\/worker\.js"; importScripts\("\/-vitrine\/worker-classic\.js"\);/,
      );
      expect(await get("/-vitrine/worker.js")).toContain("import.meta.url");
      const client = await get("/@vite/client");
      const page = await listen(session, /wsToken = "([\w-]+)"/.exec(client)?.[1] ?? "");
      const problems = () => server.sessions[0]?.problems ?? [];

      await writeFile(path.join(root, "a.ts"), "export const a: number = 2;\n");
      await eventually("the update", () => page.types.includes("full-reload"), 5000);
      expect(await get("/a.ts")).toContain("const a = 2");

      // Nothing accepts the change, and a reload would blank the page: it waits until the module transforms.
      page.types.length = 0;
      await writeFile(path.join(root, "a.ts"), "export const a: number = 2;\nexport const b = ;\n");
      await eventually("the problem", () => problems().length === 1, 5000);
      expect(problems()[0]).toMatchObject({ file: path.join(root, "a.ts"), line: 2, column: 18 });
      await eventually("the error for pages", () => page.types.includes("error"), 5000);
      expect(page.types).not.toContain("full-reload");
      await writeFile(path.join(root, "a.ts"), "export const a: number = 3;\n");
      await eventually("no problem", () => problems().length === 0, 5000);
      await eventually("the reload", () => page.types.includes("full-reload"), 5000);

      // The project's own `true` opens nothing: our door decides.
      expect(
        (await fetch(session.url, { headers: { origin: "http://evil.example" } })).status,
      ).toBe(403);
      page.close();
    } finally {
      await removeTree(root);
    }
  },
);
