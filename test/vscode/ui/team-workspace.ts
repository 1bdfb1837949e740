/**
 * A team's workspace in one window: apps of published templates and three back ends (dev-servers section 14). The same tests
 * for a few apps in every run, and for ten in the long one.
 */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { isAlive } from "../../support/alive.ts";
import { insertLine, replaceInFile } from "../../support/edits.ts";
import { eventually } from "../../support/eventually.ts";
import { backends, createTeamWorkspace } from "../../support/team-workspace.ts";
import type { Template } from "../../support/templates.ts";
import { useWorkbench } from "./window.ts";

/** @param templates with `react-ts` and `vue-ts` among them: the first is edited, the other broken */
export function testTeamWorkspace(templates: readonly Template[]): void {
  const workspace = mkdtempSync(path.join(tmpdir(), "vt-team-"));
  const count = templates.length + backends.length;
  const window = useWorkbench(async () => {
    await createTeamWorkspace(workspace, templates);
    return { workspace, settings: { "vitrine.devServers.maxRunning": count } };
  });
  afterAll(() => rm(workspace, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

  const file = (name: string): string => path.join(workspace, name);
  const component = "vue-ts/src/components/HelloWorld.vue";
  const rowsOf = async (text: string): Promise<string[]> =>
    (await window().tree(text)).allTextContents();
  /** What the tree says of a project, without its name. */
  const told = async (name: string): Promise<string | undefined> =>
    (await rowsOf(name)).find((row) => row.startsWith(name))?.slice(name.length);
  /** Waits for a line in the Output channel of a project. @returns what its group holds */
  const says = (name: string, line: RegExp): Promise<string> =>
    eventually(`${line} in the Output of ${name}`, async () => {
      const lines = await outputOf(name);
      return lines.map((one) => line.exec(one)?.[1]).findLast((found) => found !== undefined);
    });
  const outputOf = async (name: string): Promise<readonly string[]> => {
    const lines = await (await window().output(`Vitrine: ${name}`)).allTextContents();
    return lines.map((one) => one.replaceAll("\u00a0", " "));
  };
  /** Where the newest process of a back end answers. */
  const addressOf = (name: string): Promise<string> => says(name, /backend: listening on (\S+)/);
  const answer = async (address: string): Promise<string> =>
    (await fetch(`http://${address}/`)).text();
  const pids: number[] = [];

  test("all start, and tree and status bar say so", async () => {
    await window().runCommand("Vitrine: Start All Dev Servers");
    for (const name of [...backends, ...templates])
      await eventually(
        `${name} to be ready`,
        async () => (await told(name))?.startsWith("Ready"),
        90_000,
      );
    await window().vitrineStatus(`${count} dev servers`).waitFor();
    await window().statusBar(`${templates.length}  ${count}`).waitFor();
    const parts = (await rowsOf("ready · ")).join("\n");
    expect(parts.match(/UIready · http:\/\/127\.0\.0\.1:\d+/g)).toHaveLength(templates.length);
    expect(parts.match(/Backendready · process \d+ · built in/g)).toHaveLength(2);
    expect(parts.match(/Backendready · built in/g)).toHaveLength(1);
    pids.push(...[...parts.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid)));
    const { viteHosts } = window().processes();
    expect(viteHosts.length).toBeGreaterThanOrEqual(templates.length);
  });

  test("each project has an Output channel of its own, with who said what", async () => {
    await says("reports", /\[info\] build: (wrote report\.html)$/);
    await says("orders", /\[info\] manager: (Built) in/);
    expect(await answer(await addressOf("api"))).toBe("api one");
    await says("react-ts", /\[info\] (vite): /);
  });

  test("an edit of one is followed by its page, and by nothing else", async () => {
    await window().openFile("react-ts/src/App.tsx");
    await window().runCommand("Vitrine: Open Preview");
    const page = await window().preview("Get started");
    await page.locator("button.counter").click();
    await replaceInFile(file("react-ts/src/App.tsx"), "Get started", "Good morning");
    await page.locator("h1", { hasText: "Good morning" }).waitFor();
    await page.locator("button.counter", { hasText: "Count is 1" }).waitFor();
    expect(await told("react-ts")).toMatch(/^Ready · \d+ · 1 realm · /);
    await window().vitrineStatus(`${count} dev servers`).waitFor();
  });

  test("an error in one page is a problem at its place", async () => {
    await window().openFile(component);
    await window().runCommand("Vitrine: Open Preview");
    await window().preview("Get started");
    const line = await insertLine(file(component), "const count", "const broken = ;");
    const rows = await window().problems("[Ln");
    await rows.first().waitFor();
    expect(await rows.allTextContents()).toEqual([expect.stringContaining(`[Ln ${line}, Col 16]`)]);
    await eventually("a word in the tree", async () =>
      /1 error/.test((await told("vue-ts")) ?? ""),
    );
  });

  test("a build that fails is one more, the status bar counts it, and the old process answers", async () => {
    const address = await addressOf("api");
    await replaceInFile(file("api/src/main.ts"), '"api one"', "42");
    await window().statusBar(`${count} · 1✗`).waitFor();
    const rows = await window().problems("is not assignable to type 'string'");
    await rows.first().waitFor();
    expect(await rows.allTextContents()).toEqual([
      expect.stringMatching(/tscTS2322\[Ln 3, Col 7\]$/),
    ]);
    await window().toast("The build of api failed: Type 'number' is not assignable").waitFor();
    expect(await told("api")).toBe("Error · main.ts:3:7");
    expect(await told("orders")).toBe("Ready");
    await says("api", /build: (src\/main\.ts\(3,7\): error TS2322)/);
    expect(await answer(address)).toBe("api one");
  });

  test("a click on the status bar offers what can be done with each", async () => {
    await window().statusBar("1✗").click();
    await window().filterChoices("Rebuild");
    for (const choice of ["api · Error", "orders · Ready", "reports · Ready"])
      await window().choices(choice).first().waitFor();
    await window().page.keyboard.press("Escape");
  });

  test("what is mended has no problem left, and a new process answers", async () => {
    await replaceInFile(file(component), "const broken = ;\n", "");
    const before = await addressOf("api");
    await replaceInFile(file("api/src/main.ts"), "42", '"api two"');
    const rows = await window().problems("[Ln");
    await eventually("no problem", async () => (await rows.count()) === 0);
    await eventually(
      "no error in the status bar",
      async () => (await window().statusBar("✗").count()) === 0,
    );
    const address = await eventually("another address", async () => {
      const now = await addressOf("api");
      return now === before ? undefined : now;
    });
    expect(await answer(address)).toBe("api two");
    expect(await told("api")).toBe("Ready");
  });

  test("all stop: nothing runs, nothing is counted, nothing is wrong", async () => {
    await window().runCommand("Vitrine: Stop All Dev Servers");
    await eventually("no line that runs", async () => (await rowsOf(" · ")).length === 0);
    expect((await rowsOf("")).toSorted()).toEqual([...backends, ...templates].toSorted());
    await eventually("no count", async () => (await window().vitrineStatus("").count()) === 0);
    // One is kept warm.
    await eventually("the end of the processes", () => window().processes().viteHosts.length <= 1);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await (await window().problems("[Ln")).count()).toBe(0);
  });
}
