/** The REPLs of a server, connected to its sessions and realms. */
import path from "node:path";
import type { HostMethods } from "../../../protocol/contract.ts";
import { UserError } from "../../../protocol/errors.ts";
import type { Session } from "../../../protocol/model.ts";
import type { Log } from "../../log.ts";
import type { LiveRealm, Realms } from "../../realms/realms.ts";
import type { WorkerRealms } from "../../realms/worker-realms.ts";
import { placeOf } from "../../sessions/page-reports.ts";
import { resolveImports } from "../../sessions/resolve-imports.ts";
import type { Sessions } from "../../sessions/sessions.ts";
import type { StateDirectory } from "../../state-directory.ts";
import type { Tell } from "../../owners.ts";
import { isInside } from "../../vite-host/watcher.ts";
import type { Jobs } from "../jobs.ts";
import { Testing } from "../testing.ts";
import { Repls, type ReplsParts } from "./repls.ts";
import type { Continues } from "./run-record.ts";

/** How whoever started the server wants its REPLs. */
export interface ReplPolicy extends Pick<ReplsParts, "moved" | "ended" | "joined" | "left"> {
  /** Whether every realm gets its log when it connects (2.2). */
  readonly createOnConnect: boolean;
  readonly continues: Continues;
  /** Ms a job may wait for its realm, and run. */
  readonly timeoutMs: number;
  /** Root of the realms that belong to no session. */
  readonly root?: string;
  /** The shutdown marker stood in a registry. */
  stopped(root: string): void;
}

export interface ReplSources {
  readonly policy: ReplPolicy;
  readonly state: StateDirectory;
  readonly host: HostMethods;
  readonly tell: Tell;
  readonly log: Log;
  readonly realms: Realms;
  readonly jobs: Jobs;
  readonly sessions: Sessions;
  kill(realm: LiveRealm): void;
  readonly workerRealms: Pick<WorkerRealms, "open" | "pageOf" | "summon">;
}

export function createRepls(sources: ReplSources): { repls: Repls; testing: Testing } {
  const { policy, state, host, tell, log, realms, jobs, sessions, kill, workerRealms } = sources;
  const rootOf = (realm: LiveRealm): string | undefined =>
    realm.session === undefined ? policy.root : sessions.get(realm.session)?.project.root;
  let telling = Promise.resolve();
  const repls: Repls = new Repls({
    ...policy,
    identity: state.identity,
    recordDirectory: path.join(state.directory, "repl"),
    documents: host,
    timeoutMs: () => policy.timeoutMs,
    log,
    realms,
    jobs,
    belongs: (realm, root) => isInside(rootOf(realm) ?? "", root),
    folderOf: (realm) => {
      const session = realm.session === undefined ? undefined : sessions.get(realm.session);
      return folderOf(realm, rootOf(realm) ?? process.cwd(), session?.snapshot());
    },
    resolveImports: (realm, file, specifiers) => resolveImports(sessions, realm, file, specifiers),
    kill,
    summon: (name) => workerRealms.summon(name),
    makes: (key) => {
      const page = workerRealms.pageOf(key);
      return page && { kind: "worker", parent: page.name, url: `worker://${key}` };
    },
    changed: (list) => tell("replsChanged", list),
    testRunChanged: (run) => {
      // In their order, though places take time to find.
      telling = telling
        .then(() => testing.seen(run))
        .then((seen) => tell("testRunChanged", seen))
        .catch((error: unknown) => log.bug(error, "telling of a test run"));
    },
    stopped: (root) => void repls.stop(root).then(() => policy.stopped(root)),
  });
  const testing = new Testing({
    repls,
    projectRootOf: (name) => {
      const realm = realms.find(name);
      return realm === undefined ? undefined : rootOf(realm);
    },
    pageOf: (root) => newestPage(realms, (realm) => isInside(rootOf(realm) ?? "", root))?.name,
    workerOf: (name) => workerOf(name, realms, workerRealms),
    placeOf: async (name, stack) => {
      const realm = realms.find(name);
      return realm === undefined ? undefined : placeOf(realm, stack, sessions);
    },
  });
  return { repls, testing };
}

/** Of the pages that can be reached now the one that was seen last. */
function newestPage(realms: Realms, belongs: (realm: LiveRealm) => boolean): LiveRealm | undefined {
  return realms
    .all()
    .filter((realm) => realm.kind === "page" && realm.link !== undefined && belongs(realm))
    .toSorted((one, other) => other.seen - one.seen)[0];
}

async function workerOf(
  name: string,
  realms: Realms,
  workerRealms: Pick<WorkerRealms, "open">,
): Promise<string> {
  const page = realms.find(name);
  if (page === undefined)
    throw new UserError("realm_gone", `${name} has no worker of ours. Run its tests in the page`);
  return (await workerRealms.open(page)).name;
}

/**
 * Imports of a log are relative to the address of its page; in Node to the root (decision 31). What a proxy or the project's
 * own base puts before an address is no folder.
 */
function folderOf(
  { kind, url }: LiveRealm,
  root: string,
  session: Pick<Session, "url" | "outsideUrl"> | undefined,
): string {
  if (kind === "node" || !URL.canParse(url)) return root;
  const { pathname } = new URL(url);
  const bases = [session?.outsideUrl, session?.url].flatMap((address) =>
    address !== undefined && URL.canParse(address) ? [new URL(address).pathname] : [],
  );
  const base = bases.find((each) => pathname.startsWith(each)) ?? "/";
  const folder = pathname.slice(base.lastIndexOf("/"), pathname.lastIndexOf("/") + 1);
  return path.join(root, ...folder.split("/").filter((part) => part !== "" && part !== ".."));
}
