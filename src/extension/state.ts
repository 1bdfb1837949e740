/** What survives a reload of the window. The only file that knows memento keys. */
import type { Memento } from "vscode";

const routesKey = "vitrine.routes";
const longestRoute = 2048;
const mostRoutes = 50;

export interface State {
  /** Last route of the preview of the project at `root`: path below the base, with query and hash. */
  route(root: string): string;
  setRoute(root: string, route: string): void;
}

export function createState(memento: Memento): State {
  const routes = (): Record<string, unknown> => {
    const stored: unknown = memento.get(routesKey);
    return typeof stored === "object" && stored !== null ? { ...stored } : {};
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
  };
}

/** Stored state is input (W-05): it may have been edited by hand. */
export function isRoute(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && value.length <= longestRoute;
}
