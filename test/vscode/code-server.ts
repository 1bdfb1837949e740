/** VS Code without a desktop: code-server, its extension host included, on a loopback port. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { codeServerEntry, node24 } from "../../scripts/bootstrap.mjs";
import { profileArguments, type Profile } from "./profile.ts";

export interface CodeServer {
  readonly origin: string;
  readonly pid: number;
  /** Everything it and the extension host print. */
  readonly logFile: string;
  /** The URI under which the workbench knows a file of this machine. */
  uri(file: string): string;
  /** Address of a window on the profile's workspace; `payload` as in VS Code's web workbench. */
  url(payload?: readonly (readonly [string, string])[]): string;
  stop(): Promise<void>;
}

export interface CodeServerOptions {
  /** Environment that reaches the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** Honours `extensionDevelopmentPath` and `extensionTestsPath` of the address; hides toasts and refuses dialogs. */
  readonly development?: boolean;
  /** Opens the workspace in Restricted Mode. */
  readonly untrusted?: boolean;
  /** 0 or absent takes a free one. */
  readonly port?: number;
}

const startTimeout = 60_000;

/** Starts code-server and waits until it serves a workbench. */
export async function startCodeServer(
  profile: Profile,
  options: CodeServerOptions = {},
): Promise<CodeServer> {
  const port = options.port || (await freePort());
  const child = spawn(
    node24,
    [codeServerEntry, ...profileArguments(profile), ...serverArguments(port, options)],
    {
      env: editorEnvironment(profile, options.env),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const logFile = path.join(profile.root, "code-server.log");
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = once(child, "exit").finally(() => log.end());
  const kill = (): unknown => child.kill("SIGTERM");
  process.once("exit", kill);

  const origin = `http://127.0.0.1:${port}`;
  const server: CodeServer = {
    origin,
    pid: child.pid ?? 0,
    logFile,
    uri: (file) => `vscode-remote://127.0.0.1:${port}${encodeURI(file).replaceAll("#", "%23")}`,
    url: (payload = []) =>
      `${origin}/?${new URLSearchParams({ folder: profile.workspace, payload: JSON.stringify(payload) }).toString()}`,
    stop: async () => {
      process.off("exit", kill);
      await endProcess(child, exited);
    },
  };
  try {
    await waitUntilServing(child, origin);
  } catch (cause) {
    await server.stop();
    throw new Error(`code-server did not start: ${await readFile(logFile, "utf8")}`, { cause });
  }
  return server;
}

/** Installs a packaged extension into the profile. */
export async function installExtension(profile: Profile, vsix: string): Promise<void> {
  const child = spawn(
    node24,
    [codeServerEntry, ...profileArguments(profile), "--install-extension", vsix],
    {
      env: editorEnvironment(profile),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`--install-extension ended with ${code}: ${output}`);
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

function serverArguments(port: number, options: CodeServerOptions): string[] {
  const quiet =
    "--auth none --disable-telemetry --disable-update-check --disable-getting-started-override --ignore-last-opened";
  return [
    ...quiet.split(" "),
    `--bind-addr=127.0.0.1:${port}`,
    ...(options.untrusted ? [] : ["--disable-workspace-trust"]),
    ...(options.development ? ["--vscode-option", "enable-smoke-test-driver"] : []),
  ];
}

/**
 * The environment of a user's shell. Left out is what changes an editor started from an editor's terminal, what npm
 * sets for its scripts, and what Vitest sets for its workers and a user's Vite would read.
 */
export function editorEnvironment(
  profile: Profile,
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const foreign =
    /^(VSCODE_|ELECTRON_|npm_|VITEST|(PORT|PASSWORD|HASHED_PASSWORD|NODE_ENV|NODE_OPTIONS|TEST|MODE|DEV|PROD|SSR|BASE_URL)$)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  // An empty gallery stops look-ups in the marketplace.
  return {
    ...Object.fromEntries(own),
    EXTENSIONS_GALLERY: "{}",
    XDG_STATE_HOME: profile.state,
    VITRINE_TEST_RUN: profile.mark,
    ...extra,
  };
}

async function waitUntilServing(child: ChildProcess, origin: string): Promise<void> {
  const end = performance.now() + startTimeout;
  while (!(await answers(`${origin}/healthz`))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (performance.now() > end) throw new Error(`no answer within ${startTimeout} ms`);
    await delay(50);
  }
  // Loads VS Code itself, which /healthz does not.
  const first = await fetch(`${origin}/?ew=true`);
  if (!first.ok) throw new Error(`VS Code did not load (${first.status}): ${await first.text()}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nothing listens yet.
    return false;
  }
}

async function endProcess(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(force);
}
