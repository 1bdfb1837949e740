/** The server, from the hello message to the last child: what the child process and the command line both start. */
import {
  PROTOCOL_VERSION,
  type Hello,
  type HostMethods,
  type Welcome,
} from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import { Gateway } from "./gateway/gateway.ts";
import { createMethods, type Methods } from "./methods.ts";
import { createOwners, type Owners, type Settings, type Tell } from "./owners.ts";
import type { Realms } from "./realms/realms.ts";
import type { ReplPolicy } from "./repl/logs/create-repls.ts";
import type { Repls } from "./repl/logs/repls.ts";
import type { Runs } from "./repl/runs.ts";
import { openStateDirectory } from "./state-directory.ts";

export interface Server {
  readonly welcome: Welcome;
  readonly methods: Methods;
  readonly runs: Runs;
  readonly repls: Repls;
  readonly realms: Realms;
  /** Compiled scripts of blocks, by file name. */
  script(name: string): string | undefined;
  /** Whether a credential is the control token. */
  verifyControl(credential: string): boolean;
  /** Ends every child and takes its files away. Idempotent. */
  close(): Promise<void>;
}

/** Builds a server from the hello message. `host` is asked, `tellHost` hears every change. */
export async function createServer(
  hello: Hello,
  host: HostMethods,
  tellHost: Tell,
  policy: Partial<ReplPolicy> = {},
): Promise<Server> {
  checkVersions(hello);
  const { version } = hello;
  const settings: Settings = { config: hello.config, folders: hello.folders };
  const state = await openStateDirectory(hello.stateDirectory);
  const gateway = new Gateway(version);
  await gateway.listen(0);
  const tell: Tell = (name, ...args) => {
    tellHost(name, ...args);
    gateway.tell(name, args[0]);
  };
  const owners = createOwners({
    hello,
    settings,
    state,
    host,
    tell,
    publish: (name, payload) => gateway.tell(name, payload),
    policy: { ...editorPolicy, ...policy },
  });

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeAll(owners)
      .then(() => gateway.close())
      .then(state.close);
    return closing;
  };
  const methods = createMethods({ owners, settings, state, tell, close });
  const { devServers, sessions, repls } = owners;
  gateway.serve({ methods, devServers, sessions: () => sessions.list() }, repls);
  await owners.writer.recover();

  const { origin, token } = gateway;
  await state.publish({
    version,
    protocol: PROTOCOL_VERSION,
    gateway: origin,
    token,
    folders: settings.folders,
    isReplCommand: policy.root !== undefined,
  });
  void methods.findProjects();
  const welcome = { protocol: PROTOCOL_VERSION, version, pid: process.pid, gateway: origin, token };
  return {
    welcome,
    methods,
    runs: owners.runs,
    repls: owners.repls,
    realms: owners.realms,
    script: (name) => owners.jobs.scriptFile(name),
    verifyControl: gateway.verify,
    close,
  };
}

/** Every realm has its log, and a server that is started again by the same window goes on with its run. */
const editorPolicy: ReplPolicy = {
  createOnConnect: true,
  continues: "supervised",
  timeoutMs: 60_000,
  // The marker stops the REPL, not the editor.
  stopped: () => {},
};

async function closeAll({
  log,
  projects,
  devServers,
  repls,
  sessions,
  nodeRealms,
  viteHosts,
  ports,
  writer,
}: Owners): Promise<void> {
  log.flush();
  projects.close();
  await repls.stopAll();
  await devServers.close();
  await Promise.all([sessions.stopAll(), nodeRealms.stop(), viteHosts.stop()]);
  await ports.releaseAll();
  await writer.close();
}

function checkVersions(hello: Hello): void {
  if (hello.protocol === PROTOCOL_VERSION) return;
  throw new UserError(
    "incompatible",
    `This server speaks protocol ${PROTOCOL_VERSION}, the editor ${hello.protocol}. Reload the window to use one version of Vitrine`,
  );
}
