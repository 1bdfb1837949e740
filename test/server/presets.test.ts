/** Folders without a Vite config, served by ours with the right plugin copies. */
import { symlink, mkdir } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { removeTree, startServer, writeTree } from "../support/server.ts";

const packages = path.resolve(import.meta.dirname, "../../node_modules");

const presets: [string, Record<string, string>, string, string, string[]][] = [
  [
    "React",
    { "src/App.tsx": "export function App(): unknown { return <h1>react</h1>; }" },
    "/src/App.tsx",
    "jsxDEV",
    [],
  ],
  [
    "Vue",
    {
      "src/App.vue":
        '<script setup lang="ts">const n: number = 1;</script><template><h1>{{ n }}</h1></template>',
    },
    "/src/App.vue",
    "__hmrId",
    ["vue"],
  ],
  [
    "Svelte",
    { "src/App.svelte": '<script lang="ts">let n: number = 1;</script><h1>{n}</h1>' },
    "/src/App.svelte",
    "svelte_internal_client",
    ["svelte"],
  ],
  [
    "plain TypeScript",
    { "src/main.ts": "const n: number = 1; export { n };" },
    "/src/main.ts",
    "const n = 1",
    [],
  ],
];

test.each(presets)("%s", async (_name, files, url, expected, linked) => {
  const root = await writeTree({
    "index.html": `<!doctype html><script type="module" src="${url}"></script>`,
    "package.json": '{"name":"preset"}',
    ...files,
  });
  try {
    for (const name of linked) {
      await mkdir(path.join(root, "node_modules"), { recursive: true });
      await symlink(path.join(packages, name), path.join(root, "node_modules", name));
    }
    await using server = await startServer({ folders: [root] });
    const session = await server.sessionIs((await server.methods.openSession(root)).id, "live");
    const answer = await fetch(new URL(url, session.url));
    const body = await answer.text();
    // Packages that are missing are a problem of the page, not of the preset.
    if (answer.status === 200) expect(body).toContain(expected);
    else expect(body).toContain("Failed to resolve import");
    expect([200, 500]).toContain(answer.status);
  } finally {
    await removeTree(root);
  }
});
