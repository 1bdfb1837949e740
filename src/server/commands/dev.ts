/** `vitrine dev`: serves one project as a workspace session until Ctrl-C. */
import {
  DEV_SERVER_DEFAULTS,
  PROTOCOL_VERSION,
  type Config,
  type Hello,
  type HostMethods,
} from "../../protocol/contract.ts";
import type { Session } from "../../protocol/model.ts";
import manifest from "../../../package.json" with { type: "json" };
import { createServer, type Server } from "../server.ts";
import { defaultStateDirectory } from "../state-directory.ts";
import { existingFolder } from "./folders.ts";
import { printError, printJson, printLine, untilSignal } from "./output.ts";

export interface DevOptions {
  readonly port?: number;
  readonly json?: boolean;
}

/** No editor: the address is the one here, and no document is open. */
export const noEditor: HostMethods = {
  externalAddress: async (port) => `http://127.0.0.1:${port}/`,
  placeResult: async () => false,
  readDirty: async () => undefined,
  editDirty: async () => false,
};

export async function dev(directory: string, options: DevOptions): Promise<void> {
  const folder = existingFolder(directory);
  const print =
    options.json === true ? printSessionJson : (session: Session) => printSession(session, options);
  let server: Server | undefined;
  let shown = "";
  const onSessions = ([session]: readonly Session[]): void => {
    if (session === undefined || session.state.name === shown) return;
    shown = session.state.name;
    if (server !== undefined) print(session, server);
  };
  server = await createServer(hello(folder, options.port), noEditor, (name, ...args) => {
    if (name === "sessionsChanged") onSessions(args[0] as readonly Session[]);
  });
  const ended = untilSignal();
  try {
    await server.methods.openSession(folder);
    await ended;
  } finally {
    await server.close();
  }
}

/** Starting it in a folder is trusting the folder, as with `vite` or `npm test` (design section 4). */
export function hello(folder: string, port?: number): Hello {
  const config: Config = {
    results: "file",
    ...portsFrom(port),
    warmStart: false,
    streaming: "auto",
    runTimeout: 0,
    devServers: DEV_SERVER_DEFAULTS,
  };
  return {
    protocol: PROTOCOL_VERSION,
    version: manifest.version,
    folders: [folder],
    trusted: true,
    config,
    stateDirectory: defaultStateDirectory(),
  };
}

/** Of 100 ports, the first that is free; a project with a command of its own takes one for its pages and one for that. */
function portsFrom(port: number | undefined): Pick<Config, "portRange" | "ignoreLastPorts"> {
  if (port === undefined) return { portRange: [15173, 15273] };
  return { portRange: [port, Math.min(port + 100, 65_536)], ignoreLastPorts: true };
}

function printSessionJson(session: Session, server: Server): void {
  const { state } = session;
  // The first line is `ready`: a reader waits for nothing else.
  if (state.name === "starting") return;
  const { gateway, token } = server.welcome;
  printJson(
    state.name === "live"
      ? { event: "ready", url: session.url, gateway, token, project: session.project.id }
      : { event: state.name, ...("fault" in state ? { error: state.fault } : {}) },
  );
}

function printSession(session: Session, { port }: DevOptions): void {
  const { state } = session;
  if (state.name === "live" && port !== undefined && session.port !== port)
    printError(`Port ${port} is in use: ${session.project.name} is at port ${session.port}`);
  if (state.name === "live") printLine(`${session.project.name}  ${session.url}`);
  if (state.name === "error" || state.name === "restarting") printError(state.fault.message);
}
