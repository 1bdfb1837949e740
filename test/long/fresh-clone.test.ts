/** Decision 42: a newcomer's set-up with the npm that comes with Node 20. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findProgram, project } from "../../scripts/bootstrap.mjs";

const run = promisify(execFile);

test("a fresh clone installs, builds and passes a host test with npm 10.8", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "vt-clone-"));
  try {
    const clone = path.join(folder, "clone");
    await run("git", ["clone", "--quiet", project, clone]);
    await run("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "npm@10.8.2"], {
      cwd: folder,
    });
    // Only this npm and the system's Node: what a shell finds that knows nothing of this project.
    const bin = path.join(folder, "bin");
    await mkdir(bin);
    await symlink(systemProgram("node"), path.join(bin, "node"));
    await writeFile(
      path.join(bin, "npm"),
      `#!/bin/sh\nexec node "${folder}/node_modules/npm/bin/npm-cli.js" "$@"\n`,
      { mode: 0o755 },
    );
    const env = { ...withoutNpm(), PATH: `${bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` };
    expect((await run("npm", ["--version"], { cwd: clone, env })).stdout.trim()).toBe("10.8.2");
    const { stdout } = await run("npm", ["test", "--", "build", "package", "host"], {
      cwd: clone,
      env,
      maxBuffer: 64e6,
    });
    expect(stdout.trim().split("\n").at(-1)).toMatch(/^\d+ passed, 0 failed/);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});

/** A program outside of this project's `node_modules`. */
function systemProgram(name: string): string {
  const kept = process.env.PATH;
  process.env.PATH = kept
    ?.split(path.delimiter)
    .filter((one) => !one.includes("node_modules"))
    .join(path.delimiter);
  const found = findProgram(name);
  process.env.PATH = kept;
  if (!found) throw new Error(`${name} is not on PATH outside of node_modules`);
  return found;
}

function withoutNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_|^NODE_|^VITEST/.test(name) || name === "NODE_EXTRA_CA_CERTS",
    ),
  );
}
