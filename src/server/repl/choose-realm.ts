/** Which realm a block runs in: as the fence says, else the page of the file's project if one is live, else Node. */
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import type { RealmKind } from "../../protocol/model.ts";
import type { NodeRealms } from "../realms/node-realms.ts";
import type { LiveRealm, Realms } from "../realms/realms.ts";
import { COMPANION_END, type WorkerRealms } from "../realms/worker-realms.ts";
import type { SessionRunner } from "../sessions/session.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { refusedRealm } from "./job-errors.ts";
import type { RunsParts } from "./runs.ts";

export interface RealmSources {
  readonly realms: Realms;
  readonly sessions: Sessions;
  readonly nodeRealms: NodeRealms;
  readonly workerRealms: WorkerRealms;
  folders(): readonly string[];
}

/** Ms a page that is just loading is waited for. */
const arrivalMs = 5000;

/**
 * @returns the realm that a block or log means by `page`, `worker`, `iframe`, `node` or a name; of several the one that
 * was seen last. A companion worker is made when it is asked for, by kind or by name
 */
export function chooseRealm(sources: RealmSources): RunsParts["chooseRealm"] {
  const { realms, sessions, workerRealms } = sources;
  return async (file, wish) => {
    const session = sessions.forFile(file) ?? onlySession(sessions);
    switch (wish) {
      case undefined:
        return newest(realms, session, "page") ?? node(sources, session, file);
      case "node":
        return node(sources, session, file);
      case "page":
        return pageOf(realms, session);
      case "worker":
        return workerRealms.open(await pageOf(realms, session));
      case "iframe":
        return newest(realms, session, "iframe") ?? Promise.reject(noFrame(realms));
      default:
        return named(sources, wish);
    }
  };
}

async function named({ realms, workerRealms }: RealmSources, name: string): Promise<LiveRealm> {
  const found = realms.find(name);
  if (found?.kind === "service-worker") throw refusedRealm(found);
  const isThere = found !== undefined && found.link !== undefined;
  const page = name.endsWith(COMPANION_END)
    ? (found?.parent ?? realms.find(name.slice(0, -COMPANION_END.length)))
    : undefined;
  if (!isThere && page !== undefined && (found === undefined || found.companion))
    return workerRealms.open(page);
  if (found !== undefined) return found;
  throw new UserError("realm_gone", `There is no realm ${name}. Live now: ${liveNames(realms)}`);
}

/** A document outside every project means the one that is open. */
function onlySession(sessions: Sessions): SessionRunner | undefined {
  const open = sessions.list().filter((session) => session.state.name === "live");
  return open.length === 1 && open[0] !== undefined ? sessions.get(open[0].id) : undefined;
}

/** The one that came last: which a person has just opened. */
function newest(
  realms: Realms,
  session: SessionRunner | undefined,
  kind: RealmKind,
): LiveRealm | undefined {
  return realms
    .all()
    .filter(
      (realm) =>
        session !== undefined &&
        realm.session === session.id &&
        realm.kind === kind &&
        realm.link !== undefined,
    )
    .toSorted((a, b) => a.seen - b.seen)
    .at(-1);
}

async function pageOf(realms: Realms, session: SessionRunner | undefined): Promise<LiveRealm> {
  return newest(realms, session, "page") ?? arriving(realms, session);
}

function noFrame(realms: Realms): UserError {
  return new UserError(
    "realm_gone",
    `No page shows a frame of the application. Live now: ${liveNames(realms)}`,
  );
}

function arriving(realms: Realms, session: SessionRunner | undefined): Promise<LiveRealm> {
  const name = session?.project.name;
  const none = new UserError(
    "realm_gone",
    name === undefined
      ? `No page is open. Open a preview, then run the block again. Live now: ${liveNames(realms)}`
      : `No page of ${name} is open. Open its preview, then run the block again. Live now: ${liveNames(realms)}`,
  );
  if (session === undefined || session.snapshot().state.name === "stopped")
    return Promise.reject(none);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unlisten();
      reject(none);
    }, arrivalMs);
    const unlisten = realms.listen({
      loaded: () => {
        const found = newest(realms, session, "page");
        if (found === undefined) return;
        clearTimeout(timer);
        unlisten();
        resolve(found);
      },
    });
  });
}

function node(
  { nodeRealms, folders }: RealmSources,
  session: SessionRunner | undefined,
  file: string,
): Promise<LiveRealm> {
  const folder = folders()
    .filter((top) => file.startsWith(top + path.sep))
    .toSorted((a, b) => b.length - a.length)[0];
  return nodeRealms
    .open(session?.project.root ?? folder ?? path.dirname(file), session?.id)
    .catch((error: Error) => {
      throw new UserError(
        "realm_gone",
        `No Node process could be started: ${error.message}. Look at the log`,
        { cause: error },
      );
    });
}

function liveNames(realms: Realms): string {
  const names = realms
    .all()
    .filter(({ link }) => link !== undefined)
    .map(({ name }) => name);
  return names.length === 0 ? "none" : names.join(", ");
}
