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
import type { ResolvedImport } from "../protocol/realm.ts";
import { createPorts, type Ports } from "./dev-servers/ports.ts";
import { createFileWriter, type FileWriter } from "./files/file-writer.ts";
import { createLog, type Log } from "./log.ts";
import { NodeRealms } from "./realms/node-realms.ts";
import { Realms, type LiveRealm } from "./realms/realms.ts";
import { chooseRealm } from "./repl/choose-realm.ts";
import { Jobs } from "./repl/jobs.ts";
import { applyPlacement, createResults, type Results } from "./repl/results.ts";
import { Runs } from "./repl/runs.ts";
import { createCaches } from "./sessions/caches.ts";
import { reportPages } from "./sessions/page-reports.ts";
import { Sessions } from "./sessions/sessions.ts";
import type { StateDirectory } from "./state-directory.ts";
import { createTrustGate, type TrustGate } from "./trust-gate.ts";
import { createWarmHost, type WarmHost } from "./vite-host/warm-host.ts";

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
  readonly ports: Ports;
  readonly warmHost: WarmHost;
  readonly realms: Realms;
  readonly nodeRealms: NodeRealms;
  readonly sessions: Sessions;
  readonly jobs: Jobs;
  readonly writer: FileWriter<ResultPlacement>;
  readonly results: Results;
  readonly runs: Runs;
}

export interface OwnersParts {
  readonly hello: Hello;
  readonly settings: Settings;
  readonly state: StateDirectory;
  readonly host: HostMethods;
  readonly tell: Tell;
}

export function createOwners({ hello, settings, state, host, tell }: OwnersParts): Owners {
  const { stateDirectory } = hello;
  const log = createLog((lines) => tell("logged", lines));
  const trust = createTrustGate(hello.trusted);
  const ports = createPorts(
    path.join(stateDirectory, "ports"),
    state.identity,
    () => settings.config.portRange,
  );
  const warmHost = createWarmHost({
    keeper: state,
    directory: state.runDirectory,
    enabled: () => trust.trusted && settings.config.warmStart,
  });
  const realms = new Realms();
  const jobs = new Jobs(realms);
  const nodeRealms = new NodeRealms(realms, state, log);
  const sessions = new Sessions({
    ports,
    warmHost,
    log,
    realms,
    caches: createCaches(stateDirectory, state.identity),
    runDirectory: state.runDirectory,
    externalAddress: (port) => host.externalAddress(port),
    streaming: () => settings.config.streaming,
    script: (name) => jobs.scriptFile(name),
    changed: (list) => tell("sessionsChanged", list),
  });
  const writer = createFileWriter<ResultPlacement>({
    directory: path.join(stateDirectory, "journal", workspaceKey(hello.folders)),
    apply: applyPlacement,
    log,
  });
  const results = createResults({
    writer,
    log,
    placeInEditor: (placement) => host.placeResult(placement),
  });
  const runs = new Runs({
    trust,
    jobs,
    results,
    log,
    config: () => settings.config,
    chooseRealm: chooseRealm({ realms, sessions, nodeRealms, folders: () => settings.folders }),
    resolveImports: (realm, file, specifiers) => resolveImports(sessions, realm, file, specifiers),
    kill: (realm) => nodeRealms.kill(realm),
    changed: (run) => tell("runChanged", run),
  });
  reportPages(realms, sessions, (lines) => tell("consoleLogged", lines));
  answerImports(realms, sessions);
  return { log, trust, ports, warmHost, realms, nodeRealms, sessions, jobs, writer, results, runs };
}

/** A journal belongs to one workspace: another window knows nothing of its open documents (D-05). */
function workspaceKey(folders: readonly string[]): string {
  return createHash("sha256").update(folders.toSorted().join("\0")).digest("hex").slice(0, 16);
}

/** Imports whose specifier is known only at run time are asked for by the page. */
function answerImports(realms: Realms, sessions: Sessions): void {
  realms.listen({
    async said(realm, message) {
      if (message.type !== "resolve") return;
      const [result] = await resolveImports(sessions, realm, message.file, [message.specifier]);
      if (result !== undefined) realm.send({ type: "resolved", ask: message.ask, result });
    },
  });
}

async function resolveImports(
  sessions: Sessions,
  realm: LiveRealm,
  file: string,
  specifiers: readonly string[],
): Promise<readonly ResolvedImport[]> {
  if (specifiers.length === 0) return [];
  const failed = (error: string): ResolvedImport[] =>
    specifiers.map((specifier) => ({ specifier, url: "", interop: false, error }));
  const host = realm.session === undefined ? undefined : sessions.get(realm.session)?.host;
  if (host === undefined) return failed("The preview of this page is not running; restart it");
  try {
    return await host.methods.resolveImports(file, specifiers);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}
