/** Entry of the server as a child process: reads the hello, serves the contract, leaves with its parent. */
import type { HostMethods, ServerEvents, ServerMethods } from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import { connect } from "./rpc.ts";
import { createServer, type Server } from "./server.ts";

/** Ms; what waits for the host is bounded where it is asked. */
const callDeadlineMs = 10_000;
/** Ms for an orderly end. */
const leaveMs = 4000;
/** Ms for what was accepted to reach the disk after an error nobody caught (P-09). */
const lastResortMs = 1000;

let starting: Promise<Server> | undefined;

const { remote: host, tell } = connect<HostMethods, ServerEvents>(
  {
    post: (message) => {
      if (process.connected) process.send?.(message);
    },
    on: (listener) => process.on("message", listener),
  },
  {
    deadline: callDeadlineMs,
    methods: {
      initialize: async (hello) => {
        starting ??= createServer(hello, host, tell as never);
        return (await starting).welcome;
      },
      configure: (config) => server((methods) => methods.configure(config)),
      setFolders: (folders) => server((methods) => methods.setFolders(folders)),
      grantTrust: () => server((methods) => methods.grantTrust()),
      findProjects: () => server((methods) => methods.findProjects()),
      openSession: (folder) => server((methods) => methods.openSession(folder)),
      stopSession: (id) => server((methods) => methods.stopSession(id)),
      restartSession: (id) => server((methods) => methods.restartSession(id)),
      runBlock: (request) => server((methods) => methods.runBlock(request)),
      stopRun: (id) => server((methods) => methods.stopRun(id)),
      documentChanged: (file, state) => server((methods) => methods.documentChanged(file, state)),
      startRepl: (root) => server((methods) => methods.startRepl(root)),
      stopRepl: (root) => server((methods) => methods.stopRepl(root)),
      openLog: (root, name) => server((methods) => methods.openLog(root, name)),
      appendToLog: (request) => server((methods) => methods.appendToLog(request)),
      findTests: (root, patterns) => server((methods) => methods.findTests(root, patterns)),
      runTests: (request) => server((methods) => methods.runTests(request)),
      cancelTests: (id) => server((methods) => methods.cancelTests(id)),
      startDevServer: (id) => server((methods) => methods.startDevServer(id)),
      startDevServerForPath: (id, folder) =>
        server((methods) => methods.startDevServerForPath(id, folder)),
      stopDevServer: (id) => server((methods) => methods.stopDevServer(id)),
      restartDevServer: (id) => server((methods) => methods.restartDevServer(id)),
      installDependencies: (id) => server((methods) => methods.installDependencies(id)),
      rebuildDevServer: (id) => server((methods) => methods.rebuildDevServer(id)),
      attachDevServer: (id, devinfo) => server((methods) => methods.attachDevServer(id, devinfo)),
      detachDevServer: (id) => server((methods) => methods.detachDevServer(id)),
      devServerLogs: (id, count) => server((methods) => methods.devServerLogs(id, count)),
      ping: async () => {},
      shutdown: () => leave(0),
    } satisfies ServerMethods,
  },
);

async function server<Result>(
  call: (methods: Server["methods"]) => Promise<Result>,
): Promise<Result> {
  if (starting === undefined)
    throw new UserError("bad_request", "The first message must be initialize");
  return call((await starting).methods);
}

async function leave(code: number): Promise<void> {
  // A child that does not end in time is ended by its watchdog; nobody waits for us any longer (P-01).
  setTimeout(() => process.exit(code), leaveMs).unref();
  // A start that failed has told whoever asked, and has nothing to close.
  const started = await starting?.catch(() => undefined);
  await started?.close();
  // After the answer to `shutdown` is on its way.
  setImmediate(() => process.exit(code));
}

process.on("disconnect", () => void leave(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => void leave(0));
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.once(event, (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    setTimeout(() => process.exit(1), lastResortMs);
    void leave(1);
  });
}
