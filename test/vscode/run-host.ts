/** Runs the host tests: mocha inside the extension host of code-server, on the unpacked extension. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";
import { project } from "../../scripts/bootstrap.mjs";
import { launchBrowser } from "./browser.ts";
import { startCodeServer, type CodeServer } from "./code-server.ts";
import { printHostTests, type HostTest } from "./host-report.ts";
import { createProfile } from "./profile.ts";

const timeout = 180_000;

const tests = await runHostTests();
printHostTests(tests);
const report = process.env.VITRINE_REPORT_FILE;
if (report) await writeFile(report, JSON.stringify(tests));

async function runHostTests(): Promise<readonly HostTest[]> {
  const profile = await createProfile({ copy: path.join(project, "test/fixtures/host") });
  const resultFile = path.join(profile.root, "result.json");
  try {
    const server = await startCodeServer(profile, {
      development: true,
      env: { VITRINE_RESULT_FILE: resultFile },
    });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await runInHost(page, server);
    } finally {
      await browser.close();
      await server.stop();
    }
    if (!existsSync(resultFile)) throw new Error("the host tests wrote no results");
    return JSON.parse(await readFile(resultFile, "utf8")) as HostTest[];
  } finally {
    await profile.remove();
  }
}

/** Opens the window that runs the tests and waits for their end. */
async function runInHost(page: Page, server: CodeServer): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    const tooLate = (): void =>
      reject(new Error(`the host tests did not end within ${timeout} ms`));
    const timer = setTimeout(tooLate, timeout);
    void page.exposeFunction("codeAutomationExit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  // The workbench calls it, so it has to exist; the result file carries the report.
  await page.exposeFunction("codeAutomationLog", () => {});
  await page.goto(
    server.url([
      ["extensionDevelopmentPath", server.uri(project)],
      ["extensionTestsPath", server.uri(path.join(project, "test/vscode/host/index.cjs"))],
    ]),
  );
  await ended;
}
