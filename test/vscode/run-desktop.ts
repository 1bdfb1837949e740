/** `npm run test:desktop`: the host tests in a desktop VS Code, downloaded from Microsoft, on a machine with a screen. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { project } from "../../scripts/bootstrap.mjs";
import { printHostTests, type HostTest } from "./host-report.ts";

const cachePath = path.join(project, ".cache", "vscode-test");
const resultFile = path.join(await mkdtemp(path.join(tmpdir(), "vt-")), "result.json");

try {
  const vscodeExecutablePath = await download();
  if (vscodeExecutablePath) await runInDesktop(vscodeExecutablePath);
  else process.exitCode = 1;
} finally {
  await rm(path.dirname(resultFile), { recursive: true, force: true });
}

async function download(): Promise<string | undefined> {
  try {
    return await downloadAndUnzipVSCode({ version: "stable", cachePath });
  } catch (error) {
    console.error(
      `VS Code could not be downloaded: ${error instanceof Error ? error.message : String(error)}`,
    );
    console.error(
      "These tests need update.code.visualstudio.com. Without it run the same tests in code-server: npm test -- build host",
    );
    return undefined;
  }
}

async function runInDesktop(vscodeExecutablePath: string): Promise<void> {
  const outcome = runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: project,
    extensionTestsPath: path.join(project, "test/vscode/host/index.cjs"),
    extensionTestsEnv: { VITRINE_RESULT_FILE: resultFile },
    launchArgs: [
      path.join(project, "test/fixtures/host"),
      "--disable-extensions",
      "--disable-workspace-trust",
    ],
  });
  // A failed test rejects as well; the file says which.
  await outcome.catch((error: unknown) => console.error(String(error)));
  printHostTests(JSON.parse(await readFile(resultFile, "utf8")) as HostTest[]);
}
