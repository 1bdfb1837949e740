/** A session that a command serves, in a real Chromium: hot updates, blocks in the page, and a crash. */
import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { useSessionPages } from "../support/session-pages.ts";
import { commandProject, viteProgram } from "../support/ui-projects.ts";

const main = (text: string): string =>
  `import { cart } from "/cart.ts";
document.querySelector("h1")!.textContent = "${text} " + cart.items;
import.meta.hot?.accept();
`;
const pages = useSessionPages(
  commandProject([process.execPath, viteProgram], {
    "main.ts": main("one"),
    "cart.ts": "export const cart = { items: 2 };\n",
  }),
);

/** In one step: where a command serves, Vite's own watcher may read a file that is only half written. */
async function save(text: string): Promise<void> {
  const file = path.join(pages.root, "main.ts");
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

async function run(code: string): Promise<{ state: string; summary: string }> {
  const file = path.join(pages.root, "tour.md");
  const text = `\`\`\`ts realm=page\n${code}\n\`\`\`\n`;
  await writeFile(file, text);
  return pages.server.run({ file, text, block: 0 });
}

test("a hot update goes through, a block runs in the page's realm with the page's own modules, and a crash heals", async () => {
  const { page, session } = pages;
  await page.goto(session.url);
  await page.getByText("one 2").waitFor();
  await eventually("the realm", () => pages.realms().some(({ state }) => state === "idle"));
  await page.evaluate(() => void Object.assign(globalThis, { kept: true }));

  await save(main("two"));
  await page.getByText("two 2").waitFor();
  expect(await run("`${kept} ${document.querySelector('h1').textContent}`")).toMatchObject({
    state: "ok",
    summary: '"true two 2"',
  });
  const imported = await run(
    'import { cart } from "/cart.ts";\ncart.items = 5;\nglobalThis.same = cart;\ncart.items',
  );
  expect(imported).toMatchObject({ state: "ok", summary: "5" });
  await save(main("three"));
  await page.getByText("three 5").waitFor();
  expect(await run('import { cart } from "./cart.ts";\ncart')).toMatchObject({
    state: "error",
    summary: expect.stringContaining("./cart.ts cannot be resolved"),
  });

  process.kill(session.pid, "SIGKILL");
  await eventually("the next one", () => pages.server.sessions[0]?.state.name === "restarting");
  await save(main("four"));
  // The page comes back by itself: Vite's client polls the same address.
  await page.getByText("four 2").waitFor();
});
