/** What pages report of themselves: console lines for the output, errors nobody caught as Problems at their sources. */
import type { ConsoleEntry, Problem } from "../../protocol/model.ts";
import { PACK_ROUTE } from "../../protocol/packs.ts";
import type { RealmError } from "../../protocol/realm.ts";
import type { LiveRealm, Realms } from "../realms/realms.ts";
import type { Sessions } from "./sessions.ts";

/** Runtime problems kept of one page. */
const keptProblems = 50;

/** Listens to all realms. */
export function reportPages(
  realms: Realms,
  sessions: Sessions,
  logged: (entries: readonly ConsoleEntry[]) => void,
): void {
  const problems = new Map<LiveRealm, readonly Problem[]>();

  const uncaught = async (realm: LiveRealm, error: RealmError, at: number): Promise<void> => {
    const text = `Uncaught ${error.name === "" ? "" : `${error.name}: `}${error.message}`;
    const place = await placeOf(realm, error.stack, sessions);
    logged([
      {
        ...speaker(realm),
        level: "error",
        text: place === undefined ? `${text}\n${error.stack}` : text,
        at,
        ...place,
      },
    ]);
    if (place === undefined || realm.session === undefined) return;
    const problem: Problem = { ...place, severity: "warning", message: text, source: "page" };
    const list = problems.get(realm) ?? [];
    problems.set(realm, [...list, problem].slice(-keptProblems));
    show(realm.session);
  };

  /** A page that fails in a loop, or in two tabs, says one thing. */
  const show = (session: string): void => {
    const all = [...problems]
      .filter(([realm]) => realm.session === session)
      .flatMap(([, list]) => list);
    const distinct = new Map(all.map((problem) => [JSON.stringify(problem), problem]));
    sessions.get(session)?.setProblems("page", [...distinct.values()]);
  };

  const forget = (realm: LiveRealm): void => {
    if (problems.delete(realm) && realm.session !== undefined) show(realm.session);
  };

  realms.listen({
    // A new document starts clean; what the old one did wrong is history.
    loaded: forget,
    gone: forget,
    said(realm, message) {
      if (message.type === "uncaught") void uncaught(realm, message.error, message.at);
      if (message.type !== "console") return;
      const entries = message.entries.map(({ level, text, at }) => ({
        ...speaker(realm),
        level,
        text,
        at,
      }));
      if (message.dropped > 0)
        entries.push({
          ...speaker(realm),
          level: "warn",
          text: `${message.dropped} lines left out while the page was not connected`,
          at: Date.now(),
        });
      logged(entries);
    },
  });
}

/** The first frame of the stack that lies in a source of the project. Line and column 1-based. */
export async function placeOf(
  realm: LiveRealm,
  stack: string,
  sessions: Sessions,
): Promise<{ file: string; line: number; column: number } | undefined> {
  const vite = realm.session === undefined ? undefined : sessions.get(realm.session)?.vite;
  if (vite === undefined) return undefined;
  for (const [, url, line, column] of stack.matchAll(/(https?:\/\/[^\s()]+?):(\d+):(\d+)/g)) {
    if (
      url === undefined ||
      url.includes("/node_modules/") ||
      (url.includes("-vitrine/") && !url.includes(PACK_ROUTE)) ||
      url.includes("-daebug-") ||
      url.includes("/@vite/")
    )
      continue;
    const place = await vite.mapPosition(url, Number(line), Number(column)).catch(() => undefined);
    if (place !== undefined && !place.file.includes("/node_modules/")) return place;
  }
  return undefined;
}

function speaker({ name, session }: LiveRealm): Pick<ConsoleEntry, "realm" | "session"> {
  return { realm: name, ...(session === undefined ? {} : { session }) };
}
