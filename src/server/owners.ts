/** Builds the owners of the server's state and connects them; each piece of state has one writer. */
import { createHash } from "node:crypto";
import path from "node:path";
import type {
  Config,
  Hello,
  HostMethods,
  ResultPlacement,
  ServerEvents,
} from "../protocol/contract.ts";
import type { Project } from "../protocol/model.ts";
import { Composites } from "./composites/composites.ts";
import { createPorts, type Ports } from "./dev-servers/ports.ts";
import type { Publish } from "./dev-servers/dev-server.ts";
import { createDevServers } from "./dev-servers/create-dev-servers.ts";
import type { DevServers } from "./dev-servers/dev-servers.ts";
import { Projects } from "./dev-servers/projects.ts";
import { createFileWriter, type FileWriter } from "./files/file-writer.ts";
import { createLog, type Log } from "./log.ts";
import { NodeRealms } from "./realms/node-realms.ts";
import { Realms, type LiveRealm } from "./realms/realms.ts";
import { createWire } from "./realms/poll-wire.ts";
import { listServiceWorkers } from "./realms/service-workers.ts";
import { WorkerRealms } from "./realms/worker-realms.ts";
import { chooseRealm } from "./repl/choose-realm.ts";
import { Jobs } from "./repl/jobs.ts";
import { applyPlacement, createResults, type Results } from "./repl/results.ts";
import { createRepls, type ReplPolicy } from "./repl/logs/create-repls.ts";
import type { Repls } from "./repl/logs/repls.ts";
import { Runs } from "./repl/runs.ts";
import type { Testing } from "./repl/testing.ts";
import { createCaches } from "./sessions/caches.ts";
import { answerImports, resolveImports } from "./sessions/resolve-imports.ts";
import { reportPages } from "./sessions/page-reports.ts";
import { Sessions, type SessionsParts } from "./sessions/sessions.ts";
import { portLocks, type StateDirectory } from "./state-directory.ts";
import { createTrustGate, type TrustGate } from "./trust-gate.ts";
import { ViteHosts } from "./vite-host/vite-hosts.ts";

/** What the server tells, to the host and to the control API alike. */
export type Tell = <Name extends keyof ServerEvents>(
  name: Name,
  ...args: Parameters<ServerEvents[Name]>
) => void;

/** What the user decides and may change while the server runs. Written by the methods alone. */
export interface Settings {
  config: Config;
  folders: readonly string[];
}

export interface Owners {
  readonly log: Log;
  readonly trust: TrustGate;
  readonly projects: Projects;
  readonly ports: Ports;
  readonly viteHosts: ViteHosts;
  readonly realms: Realms;
  readonly nodeRealms: NodeRealms;
  readonly workerRealms: WorkerRealms;
  readonly sessions: Sessions;
  readonly devServers: DevServers;
  readonly jobs: Jobs;
  readonly writer: FileWriter<ResultPlacement>;
  readonly results: Results;
  readonly runs: Runs;
  readonly repls: Repls;
  readonly testing: Testing;
}

export interface OwnersParts {
  readonly hello: Hello;
  readonly settings: Settings;
  readonly state: StateDirectory;
  readonly host: HostMethods;
  readonly tell: Tell;
  /** Events of dev servers, under the names that other programs know. */
  readonly publish: Publish;
  readonly policy: ReplPolicy;
}

export function createOwners(parts: OwnersParts): Owners {
  const { hello, settings, state, host, tell, policy } = parts;
  const log = createLog((lines) => {
    tell("logged", lines);
    owners.devServers.logged(lines);
  });
  const trust = createTrustGate(hello.trusted);
  const places = createPlaces(log, state);
  const { realms, workerRealms, nodeRealms } = places;
  const jobs = new Jobs(realms);
  const supply = createSupply(parts, trust, log);
  const served = createServed(parts, {
    ...supply,
    log,
    trust,
    realms,
    script: (name) => jobs.scriptFile(name),
    wire: (root) => createWire(() => owners.repls.forFolder(root)),
  });
  const { sessions } = served;
  const documents = createDocuments(parts, log);
  const kill = (realm: LiveRealm): void =>
    void (workerRealms.restart(realm) || nodeRealms.kill(realm));
  const runs = new Runs({
    trust,
    jobs,
    results: documents.results,
    log,
    config: () => settings.config,
    chooseRealm: chooseRealm({ ...places, sessions, folders: () => settings.folders }),
    resolveImports: (realm, file, specifiers) => resolveImports(sessions, realm, file, specifiers),
    kill,
    changed: (run) => tell("runChanged", run),
  });
  const shared = { policy, state, host, tell, log, realms, jobs, sessions, kill, workerRealms };
  const { repls, testing } = createRepls(shared);
  reportPages(realms, sessions, (lines) => tell("consoleLogged", lines));
  answerImports(realms, sessions);
  const owners: Owners = {
    ...places,
    ...supply,
    ...documents,
    log,
    trust,
    ...served,
    jobs,
    runs,
    repls,
    testing,
  };
  return owners;
}

type ServedParts = Pick<SessionsParts, "ports" | "viteHosts" | "realms" | "script" | "wire"> &
  Pick<Owners, "log" | "trust">;

/** Projects, and what serves them: sessions are the UIs of dev servers. */
function createServed(
  parts: OwnersParts,
  { trust, ...shared }: ServedParts,
): Pick<Owners, "projects" | "sessions" | "devServers"> {
  const { hello, settings, state, host, tell, publish } = parts;
  const { log } = shared;
  const sessions = new Sessions({
    ...shared,
    keeper: state,
    uiConfig: (id) => projects.configOf(id)?.ui,
    idleStop: () => settings.config.devServers.idleStop,
    caches: createCaches(hello.stateDirectory, state.identity),
    runDirectory: state.runDirectory,
    externalAddress: (port) => host.externalAddress(port),
    streaming: () => settings.config.streaming,
    composite: (id) => composites.part(id),
    shownBy: (id) => composites.shownBy(id),
    changed: (list) => {
      tell("sessionsChanged", list);
      devServers.sessionsChanged(list);
      composites.changed();
    },
  });
  const projects = createProjects(parts, log, (gone) => {
    devServers
      .projectsChanged(gone)
      .catch((error: unknown) => log.bug(error, "following projects"));
    composites.changed();
  });
  const devServers = createDevServers({
    projects,
    sessions,
    trust,
    log,
    keeper: state,
    stateDirectory: hello.stateDirectory,
    settings: () => settings.config.devServers,
    publish: (name, payload) => {
      publish(name, payload);
      if (name === "plugin/devserver/status") composites.changed();
    },
    tell,
  });
  const composites = new Composites({ projects, sessions, devServers, realms: shared.realms, log });
  return { projects, sessions, devServers };
}

/** What there is to preview and to build. */
function createProjects(
  { hello, settings, tell }: OwnersParts,
  log: Log,
  changed: (gone: readonly Project[]) => void,
): Projects {
  return new Projects({
    folders: () => settings.folders,
    setting: () => settings.config.devServers.projects,
    stateDirectory: hello.stateDirectory,
    log,
    changed: ({ list, problems }, gone) => {
      tell(
        "projectsChanged",
        list.map(({ project }) => project),
      );
      tell("projectProblemsChanged", problems);
      changed(gone);
    },
  });
}

/** What new sessions are made of. */
function createSupply(
  { hello, settings, state }: OwnersParts,
  trust: TrustGate,
  log: Log,
): Pick<Owners, "ports" | "viteHosts"> {
  return {
    ports: createPorts(
      portLocks(hello.stateDirectory),
      state.identity,
      () => settings.config.portRange,
      () => settings.config.ignoreLastPorts ?? false,
    ),
    viteHosts: new ViteHosts({
      keeper: state,
      log,
      directory: state.runDirectory,
      warmStart: () => trust.trusted && settings.config.warmStart,
      isolation: () => settings.config.devServers.isolation,
    }),
  };
}

/** How results get into documents. */
function createDocuments(
  { hello, host }: OwnersParts,
  log: Log,
): Pick<Owners, "writer" | "results"> {
  const writer = createFileWriter<ResultPlacement>({
    directory: path.join(hello.stateDirectory, "journal", workspaceKey(hello.folders)),
    apply: applyPlacement,
    log,
  });
  const placeInEditor = (placement: ResultPlacement): Promise<boolean> =>
    host.placeResult(placement);
  return { writer, results: createResults({ writer, log, placeInEditor }) };
}

/** Where code runs. */
function createPlaces(
  log: Log,
  keeper: StateDirectory,
): Pick<Owners, "realms" | "nodeRealms" | "workerRealms"> {
  const realms = new Realms();
  listServiceWorkers(realms);
  return {
    realms,
    nodeRealms: new NodeRealms(realms, keeper, log),
    workerRealms: new WorkerRealms(realms, log),
  };
}

/** A journal belongs to one workspace: another window knows nothing of its open documents (D-05). */
function workspaceKey(folders: readonly string[]): string {
  return createHash("sha256").update(folders.toSorted().join("\0")).digest("hex").slice(0, 16);
}
