/**
 * `npm run bench [-- edit open activation idle logs dev-servers] [--rounds N] [--seconds N]`: figures against their peers, measured in this
 * one run. Exit code 1 when a goal is missed.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { project } from "../scripts/bootstrap.mjs";
import { launchBrowser } from "../test/vscode/browser.ts";
import { benchActivation } from "./activation.ts";
import { benchBackEnd } from "./back-end.ts";
import { benchEdit } from "./edit.ts";
import { benchIdle } from "./idle.ts";
import { benchLogs } from "./logs.ts";
import { benchOpen } from "./open.ts";
import { benchTenProjects } from "./ten-projects.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "20" },
    seconds: { type: "string", default: "120" },
  },
});
const benches = {
  edit: benchEdit,
  open: benchOpen,
  activation: benchActivation,
  idle: benchIdle,
  logs: benchLogs,
  "dev-servers": async (bench: Parameters<typeof benchTenProjects>[0]) => {
    const isBuilt = await benchBackEnd(bench);
    return (await benchTenProjects(bench)) && isBuilt;
  },
} as const;
const wanted = positionals.length > 0 ? positionals : Object.keys(benches);

const { status } = spawnSync(process.execPath, [path.join(project, "esbuild.config.ts")], {
  cwd: project,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const folder = await mkdtemp(path.join(tmpdir(), "vb-"));
const browser = await launchBrowser();
const rounds = Number(values.rounds);
console.log(
  `\nNode ${process.version}, Chromium ${browser.version()}, ${availableParallelism()} cores, ${process.platform}`,
);
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (!wanted.includes(name)) continue;
    const met = await bench({ browser, folder, rounds, seconds: Number(values.seconds) });
    if (!met) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
