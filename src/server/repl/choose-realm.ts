/** Which realm a block runs in: as the fence says, else the page of the file's project if one is live, else Node. */
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import type { NodeRealms } from "../realms/node-realms.ts";
import type { LiveRealm, Realms } from "../realms/realms.ts";
import type { SessionRunner } from "../sessions/session.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { RunsParts } from "./runs.ts";

export interface RealmSources {
  readonly realms: Realms;
  readonly sessions: Sessions;
  readonly nodeRealms: NodeRealms;
  folders(): readonly string[];
}

/** Ms a page that is just loading is waited for. */
const arrivalMs = 5000;

export function chooseRealm(sources: RealmSources): RunsParts["chooseRealm"] {
  return async (file, wish) => {
    const session = sources.sessions.forFile(file) ?? onlySession(sources.sessions);
    if (wish === "node") return node(sources, session, file);
    if (wish === undefined) return page(sources.realms, session) ?? node(sources, session, file);
    if (wish === "page") return page(sources.realms, session) ?? arriving(sources.realms, session);
    const named = sources.realms.find(wish);
    if (named === undefined)
      throw new UserError(
        "realm_gone",
        `There is no realm ${wish}. Live now: ${liveNames(sources.realms)}`,
      );
    return named;
  };
}

/** A document outside every project means the one that is open. */
function onlySession(sessions: Sessions): SessionRunner | undefined {
  const open = sessions.list().filter((session) => session.state.name === "live");
  return open.length === 1 && open[0] !== undefined ? sessions.get(open[0].id) : undefined;
}

/** The page that came last: the one a person has just opened. */
function page(realms: Realms, session: SessionRunner | undefined): LiveRealm | undefined {
  if (session === undefined) return undefined;
  return realms
    .all()
    .filter(
      (realm) =>
        realm.session === session.id &&
        realm.facts().kind === "page" &&
        realm.facts().state !== "away",
    )
    .toSorted((a, b) => b.facts().since - a.facts().since)[0];
}

function arriving(realms: Realms, session: SessionRunner | undefined): Promise<LiveRealm> {
  const name = session?.project.name;
  const none = new UserError(
    "realm_gone",
    name === undefined
      ? "No page is open. Open a preview, then run the block again"
      : `No page of ${name} is open. Open its preview, then run the block again`,
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
        const found = page(realms, session);
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
  const names = realms.all().map((realm) => realm.facts().name);
  return names.length === 0 ? "none" : names.join(", ");
}
