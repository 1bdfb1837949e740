/** What survives a reload of the window. The only file that knows memento keys. */
import type { Memento } from "vscode";

const routesKey = "vitrine.routes";
const replsKey = "vitrine.repls";
const devServersKey = "vitrine.devServers";
const ignoreOfferedKey = "vitrine.ignoreOffered";
const longestRoute = 2048;
const mostRoutes = 50;

export interface State {
  /** Last route of the preview of the project at `root`: path below the base, with query and hash. */
  route(root: string): string;
  setRoute(root: string, route: string): void;
  /** Workspace folders whose REPL was started and not stopped since. */
  repls(): readonly string[];
  setRepl(folder: string, isOn: boolean): void;
  /** Ids of projects that ran when the window was last in use. */
  devServers(): readonly string[];
  setDevServers(ids: readonly string[]): void;
  /** Whether the lines for `.gitignore` were offered for a folder; true from the first time this is asked. */
  ignoreOffered(folder: string): boolean;
}

export function createState(memento: Memento): State {
  const routes = (): Record<string, unknown> => {
    const stored: unknown = memento.get(routesKey);
    return typeof stored === "object" && stored !== null ? { ...stored } : {};
  };
  const texts = (key: string): string[] => {
    const stored: unknown = memento.get(key);
    return Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : [];
  };
  return {
    route(root) {
      const stored = routes()[root];
      return isRoute(stored) ? stored : "/";
    },
    setRoute(root, route) {
      if (!isRoute(route)) return;
      const { [root]: _replaced, ...others } = routes();
      const newest = [...Object.entries(others), [root, route] as const].slice(-mostRoutes);
      void memento.update(routesKey, Object.fromEntries(newest));
    },
    repls: () => texts(replsKey),
    setRepl(folder, isOn) {
      const others = texts(replsKey).filter((other) => other !== folder);
      void memento.update(replsKey, isOn ? [...others, folder] : others);
    },
    devServers: () => texts(devServersKey),
    setDevServers(ids) {
      if (JSON.stringify(texts(devServersKey)) !== JSON.stringify(ids))
        void memento.update(devServersKey, ids.length === 0 ? undefined : ids);
    },
    ignoreOffered(folder) {
      const offered = texts(ignoreOfferedKey);
      if (offered.includes(folder)) return true;
      void memento.update(ignoreOfferedKey, [...offered, folder]);
      return false;
    },
  };
}

/** Stored state is input (W-05): it may have been edited by hand. */
export function isRoute(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && value.length <= longestRoute;
}
