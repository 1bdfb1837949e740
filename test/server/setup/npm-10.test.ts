import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";

const run = promisify(execFile);

test("npm 10, which comes with Node 20, accepts manifest and lock file", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "vt-npm-"));
  try {
    for (const name of ["package.json", "package-lock.json"])
      await copyFile(path.join(project, name), path.join(folder, name));
    const { stdout } = await run(
      "npx",
      ["--yes", "npm@10.8.2", "install", "--no-save", "--dry-run", "--ignore-scripts"],
      { cwd: folder },
    );
    expect(stdout).toMatch(/added \d+ packages/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
