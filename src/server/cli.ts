#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 failed, 2 bad usage, 3 not trusted. */
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { PROTOCOL_VERSION, type Config, type Hello } from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import type { Session } from "../protocol/model.ts";
import manifest from "../../package.json" with { type: "json" };
import { createServer, type Server } from "./server.ts";
import { defaultStateDirectory } from "./state-directory.ts";

const exitCodes = { failed: 1, usage: 2, untrusted: 3 } as const;
const { version } = manifest;

const program = new Command("vitrine")
  .description(
    "A live preview of a web project, and a REPL in Markdown that talks to what is running.",
  )
  .version(version)
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

program
  .command("dev")
  .argument("[dir]", "folder of the project", ".")
  .description("Serves one project until Ctrl-C.")
  .option("--port <number>", "first port to try", toPort)
  .option("--json", "one JSON object per line on standard output")
  .option("--trust", "say explicitly that the folder may run code (starting in it says so already)")
  .addHelpText(
    "after",
    "\nExamples:\n  vitrine dev\n  vitrine dev packages/shop --port 15180 --json",
  )
  .action(dev);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

interface DevOptions {
  readonly port?: number;
  readonly json?: boolean;
}

async function dev(directory: string, options: DevOptions): Promise<void> {
  const folder = existingFolder(directory);
  const print = options.json === true ? printJson : printHuman;
  let server: Server | undefined;
  let shown = "";
  const onSessions = (sessions: readonly Session[]): void => {
    const [session] = sessions;
    if (session === undefined || session.state.name === shown) return;
    shown = session.state.name;
    if (server !== undefined) print(session, server);
  };
  server = await createServer(
    hello(folder, options.port),
    // No editor: the address is the one here, and no document is open.
    {
      externalAddress: async (port) => `http://127.0.0.1:${port}/`,
      placeResult: async () => false,
    },
    (name, ...args) => {
      if (name === "sessionsChanged") onSessions(args[0] as readonly Session[]);
    },
  );
  const ended = new Promise<void>((resolve) => {
    // A closed terminal sends SIGHUP.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.once(signal, () => resolve());
  });
  try {
    await server.methods.openSession(folder);
    await ended;
  } finally {
    await server.close();
  }
}

function existingFolder(directory: string): string {
  const folder = path.resolve(directory);
  if (!existsSync(folder))
    throw new UserError("not_found", `There is no folder ${folder}. Check the path`);
  return realpathSync(folder);
}

function hello(folder: string, port: number | undefined): Hello {
  const config: Config = {
    results: "file",
    portRange: port === undefined ? [15173, 15273] : [port, port + 1],
    warmStart: false,
    streaming: "auto",
    runTimeout: 0,
  };
  // Starting it in a folder is trusting the folder, as with `vite` or `npm test` (design section 4).
  return {
    protocol: PROTOCOL_VERSION,
    version,
    folders: [folder],
    trusted: true,
    config,
    stateDirectory: defaultStateDirectory(),
  };
}

function printJson(session: Session, server: Server): void {
  const { state } = session;
  // The first line is `ready`: a reader waits for nothing else.
  if (state.name === "starting") return;
  const line =
    state.name === "live"
      ? {
          event: "ready",
          url: session.url,
          gateway: server.welcome.gateway,
          token: server.welcome.token,
          project: session.project.id,
        }
      : { event: state.name, ...("fault" in state ? { error: state.fault } : {}) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function printHuman(session: Session): void {
  const { state } = session;
  if (state.name === "live") process.stdout.write(`${session.project.name}  ${session.url}\n`);
  if (state.name === "error" || state.name === "restarting")
    process.stderr.write(`${state.fault.message}\n`);
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("A port is a whole number from 1 to 65535.");
  return port;
}

function report(error: unknown): number {
  // Commander has printed its own message; asking for help or the version is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  process.stderr.write(
    `${error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  return error instanceof UserError && error.code === "not_trusted"
    ? exitCodes.untrusted
    : exitCodes.failed;
}
