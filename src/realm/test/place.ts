/** Where this module runs, and under which addresses its server answers. */
import { REALM_GLOBAL } from "../evaluate.ts";
import { storedName } from "../identity.ts";

export type PlaceKind = "page" | "worker" | "other";

/** The page's public base: the module itself stands directly below it (decision 29). */
export const base = new URL(".", import.meta.url);

export function placeKind(): PlaceKind {
  if (typeof document !== "undefined") return "page";
  return "WorkerGlobalScope" in globalThis ? "worker" : "other";
}

/**
 * The realm's name as its server knows it. Our client keeps it in its own form, older ones as plain text; the own name
 * of a worker is that of its realm.
 */
export function realmName(): string {
  const kind = placeKind();
  if (kind === "worker") return (globalThis as { name?: string }).name || "unknown";
  return kind === "page"
    ? storedName(base.pathname, REALM_GLOBAL) || plainName() || "main"
    : "unknown";
}

function plainName(): string | null {
  try {
    return sessionStorage.getItem("daebug-name");
  } catch {
    // Refused in a frame of another site.
    return null;
  }
}
