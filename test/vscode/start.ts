/** `npm start`: the demo workspace with the extension, in desktop VS Code when `code` is on PATH, else in code-server. */
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { findProgram, node24, project } from "../../scripts/bootstrap.mjs";
import { installExtension, startCodeServer } from "./code-server.ts";
import { createProfile } from "./profile.ts";
import { vsix } from "./vsix.ts";

const { values } = parseArgs({
  options: { port: { type: "string" }, web: { type: "boolean", default: false } },
});
const demo = path.join(project, "demo");
const tour = path.join(demo, "tour.md");

build("esbuild.config.ts");
const code = values.web ? undefined : findProgram("code");
if (code) openDesktop(code);
else await openCodeServer();

function openDesktop(program: string): void {
  const args = [`--extensionDevelopmentPath=${project}`, "--new-window", demo, tour];
  const { status } = spawnSync(program, args, {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  console.log(
    status === 0
      ? "\nVS Code opens the demo workspace with Vitrine."
      : `\n"${program}" ended with ${status}.`,
  );
  process.exitCode = status ?? 1;
}

async function openCodeServer(): Promise<void> {
  build("scripts/package.mjs");
  const profile = await createProfile({ workspace: demo });
  await installExtension(profile, vsix);
  const server = await startCodeServer(profile, { port: Number(values.port ?? 0) });
  const url = server.url([["openFile", server.uri(tour)]]);
  console.log(`\nVS Code with Vitrine and the demo workspace:\n\n  ${url}\n\nCtrl-C ends it.`);
  openBrowser(url);

  let ending = false;
  const end = async (): Promise<void> => {
    // The terminal sends Ctrl-C to every process of the group, and the bootstrap passes it on as well.
    if (ending) return;
    ending = true;
    await server.stop();
    await profile.remove();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => void end());
}

/** Opens the address where this machine has a screen; elsewhere the printed address has to do. */
function openBrowser(url: string): void {
  const hasScreen =
    process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const opener = { darwin: "open", win32: "explorer" }[process.platform as string] ?? "xdg-open";
  if (!hasScreen || (process.platform === "linux" && !findProgram(opener))) return;
  spawn(opener, [url], { stdio: "ignore", detached: true })
    .on("error", () => console.log("Open the address in a browser."))
    .unref();
}

function build(script: string): void {
  const { status } = spawnSync(node24, [path.join(project, script)], {
    cwd: project,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
