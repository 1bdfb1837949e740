/** Folders that cannot be shown, or not easily: each gives one clear sentence in the panel, and everything else goes on. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { rmSync } from "node:fs";
import { afterAll, beforeEach, expect, test } from "vitest";
import { useWorkbench } from "./window.ts";

const odd = "odd #1 100% näme";
const folders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  good: { "index.html": "<h1>Good page</h1>" },
  second: { "index.html": "<h1>Second page</h1>" },
  [odd]: {
    "index.html": '<h1 id="title">Odd page</h1><script type="module" src="./main.js"></script>',
    "main.js": 'document.querySelector("#title").textContent += " runs";',
  },
  "broken-config": {
    "index.html": "<h1>Never</h1>",
    "vite.config.js": "export default {\n  plugins: [,,\n",
  },
  "throwing-config": {
    "index.html": "<h1>Never</h1>",
    "vite.config.js": 'throw new Error("the config says no");\n',
  },
  "endless-config": { "index.html": "<h1>Never</h1>", "vite.config.js": "for (;;);\n" },
  "exiting-config": { "index.html": "<h1>Never</h1>", "vite.config.js": "process.exit(7);\n" },
  "no-modules": {
    "index.html": "<h1>Never</h1>",
    "package.json": '{ "name": "no-modules", "devDependencies": { "vite": "^8.0.0" } }',
    "vite.config.js": 'import { defineConfig } from "vite";\nexport default defineConfig({});\n',
  },
  empty: { "readme.txt": "Nothing to see here.\n" },
};

let workspace = "";
const window = useWorkbench(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), "vt-bad-"));
  for (const [folder, files] of Object.entries(folders)) {
    await mkdir(path.join(workspace, folder));
    for (const [name, text] of Object.entries(files))
      await writeFile(path.join(workspace, folder, name), text);
  }
  return { workspace };
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));
beforeEach(() => window().closeAllEditors());

test("a folder with spaces, #, % and non-ASCII characters in its path is shown like any other", async () => {
  await preview(odd, "main.js");
  await window().preview("Odd page runs");
});

test.each([
  ["broken-config", "vite.config.js", /vite\.config\.js/],
  ["throwing-config", "vite.config.js", /the config says no/],
  ["exiting-config", "vite.config.js", /ended .*7|exit.*7|code 7/i],
  ["no-modules", "package.json", /install/i],
])("%s is told in the panel", async (folder, file, sentence) => {
  await preview(folder, file);
  await window().panel().locator(".cover", { hasText: sentence }).waitFor();
});

test("a folder without Vite and without HTML says what was looked for", async () => {
  const { page } = window();
  await window().openFile("empty/readme.txt");
  const folder = page.locator(".explorer-folders-view .monaco-list-row", { hasText: "empty" });
  await folder.click({ button: "right" });
  await page.locator(".context-view .action-label", { hasText: "Open Preview" }).hover();
  await page.keyboard.press("Enter");
  const cover = window()
    .panel()
    .locator(".cover", { hasText: /index\.html/ });
  await cover.waitFor();
});

test("a config that never returns is given up, with what to look for", async () => {
  await preview("endless-config", "vite.config.js");
  const sentence = /did not finish loading within 30 s/;
  await window().panel().locator(".cover", { hasText: sentence }).waitFor({ timeout: 60_000 });
});

test("a port range that is taken is told with its ports, and a free one helps", async () => {
  const taken = createServer().listen(16_998, "127.0.0.1");
  // A remote window reads settings of machine scope there.
  const machineSettings = path.join(window().profile.userData, "Machine", "settings.json");
  await mkdir(path.dirname(machineSettings), { recursive: true });
  try {
    await writeFile(machineSettings, '{ "vitrine.portRange": "16998-16998" }');
    await preview("second", "index.html");
    const sentence = /Ports 16998–16998 are all in use/;
    await window().panel().locator(".cover", { hasText: sentence }).waitFor();
  } finally {
    await new Promise((resolve) => taken.close(resolve));
    await rm(machineSettings);
  }
});

test("a good folder still opens beside the broken ones", async () => {
  await preview("good", "index.html");
  const page = await window().preview("Good page");
  expect(await page.locator("h1").textContent()).toBe("Good page");
});

async function preview(folder: string, file: string): Promise<void> {
  await window().openFile(`${folder}/${file}`);
  await window().runCommand("Vitrine: Open Preview");
}
