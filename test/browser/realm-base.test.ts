/** Realms of a page below a base of its own that is isolated from other origins. */
import { symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { removeTree, startServer, writeTree } from "../support/server.ts";
import { launchBrowser } from "../vscode/browser.ts";

const repository = path.resolve(import.meta.dirname, "../..");

test("workers of an isolated page below a base are realms, classic ones and of unknown type too", async () => {
  const root = await writeTree({
    "package.json": '{ "name": "isolated", "type": "module", "devDependencies": { "vite": "8" } }',
    "vite.config.js": `export default { base: "/app/", server: { headers: {
      "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" } } };`,
    "index.html":
      '<!doctype html><html><head></head><body><script type="module" src="/main.ts"></script></body></html>',
    "main.ts": `new Worker(new URL("./modern.ts", import.meta.url), { type: "module" });
new Worker(new URL("./old.js", import.meta.url));
const type = { type: "module", name: "later" };
new Worker(new URL("./unknown.ts", import.meta.url), /* @vite-ignore */ type);
`,
    "modern.ts": "export {};\n",
    "unknown.ts": "self.heard = []; self.onmessage = ({ data }) => self.heard.push(data);\n",
    "old.js": "var old = Object.keys(self).filter((name) => name.includes('itrine'));\n",
    "store.ts": "export const count: number = 3;\n",
  });
  await symlink(path.join(repository, "node_modules"), path.join(root, "node_modules"));
  const [server, browser] = await Promise.all([startServer({ folders: [root] }), launchBrowser()]);
  try {
    const session = await server.sessionIs((await server.methods.openSession(root)).id, "live");
    expect(new URL(session.url).pathname).toBe("/app/");
    const page = await browser.newPage();
    await page.goto(session.url);
    const names = await eventually("the page and its workers", () => {
      const found = server.sessions[0]?.realms.map(({ name }) => name) ?? [];
      return found.length >= 4 ? found : undefined;
    });
    const run = async (code: string, realm: string): Promise<string> => {
      const file = path.join(root, "notes.md");
      const text = `\`\`\`ts realm=${realm}\n${code}\n\`\`\`\n`;
      await writeFile(file, text);
      return (await server.run({ file, text, block: 0 })).summary;
    };
    const isolated = 'import { count } from "./store";\n`${crossOriginIsolated} ${count}`';
    expect(await run(isolated, "page")).toBe('"true 3"');
    expect(await run(isolated, "worker")).toBe('"true 3"');
    for (const stem of ["modern", "old", "later"]) {
      const name = names.find((one) => one.endsWith(`-${stem}`)) ?? stem;
      expect(await run(isolated, name), stem).toBe('"true 3"');
    }
    const old = names.find((name) => name.endsWith("-old")) ?? "";
    expect(await run("old.length", old)).toBe("0");
    expect(await run("heard.length", names.find((name) => name.endsWith("-later")) ?? "")).toBe(
      "0",
    );
  } finally {
    await browser.close();
    await server.stop();
    await removeTree(root);
  }
});
