/** Who this page is over reloads: the name that the server gave it and an id that a duplicated tab does not share. */
import { randomId } from "./random-id.ts";

/** What the realm of a page shows to its frames. */
export interface RealmMark {
  readonly instance: string;
  /** Resolves when the server knows the realm. */
  readonly ready: Promise<void>;
}

export interface Identity {
  readonly instance: string;
  /** Indexes of frames from the top page of the application to this one, `1/0`; empty for that page itself. */
  readonly frame: string;
  /** The realm of that top page, absent in the page itself. */
  readonly top: RealmMark | undefined;
  /** Empty until the server gave one. */
  name(): string;
  rename(name: string): void;
}

interface Stored {
  name?: string;
  instance?: string;
  /** The page that wrote it has gone: a tab that finds it unset is a copy of one that still lives. */
  left?: boolean;
}

const windowNamePrefix = "vitrine-realm:";

/**
 * Finds the page's identity in its tab. Where session storage is refused (a frame of another site) it is kept in
 * `window.name`, and only in memory when the application uses that itself (sections 13.5 and 13.6, decision 30).
 * @param base the page's public base
 * @param realmGlobal name of the global by which a parent of the same application is known
 */
export function findIdentity(base: string, realmGlobal: string): Identity {
  const { frame, top } = framePlace(realmGlobal);
  const key = storageKey(base, frame);
  const found = read(key);
  const state: Required<Stored> = {
    name: found.name ?? "",
    instance: found.left === true && found.instance ? found.instance : randomId(),
    left: false,
  };
  write(key, state);
  addEventListener("pagehide", () => write(key, { ...state, left: true }));
  addEventListener("pageshow", () => write(key, state));
  return {
    instance: state.instance,
    frame,
    top,
    name: () => state.name,
    rename(name) {
      if (name === state.name) return;
      state.name = name;
      write(key, state);
    },
  };
}

/** The name that a page's client has now, `""` for none; readable by code that runs beside it. */
export function storedName(base: string, realmGlobal: string): string {
  return read(storageKey(base, framePlace(realmGlobal).frame)).name ?? "";
}

function storageKey(base: string, frame: string): string {
  return `daebug-name:${base}:${frame}`;
}

function framePlace(realmGlobal: string): Pick<Identity, "frame" | "top"> {
  const indexes: number[] = [];
  let current: Window = window;
  while (current !== current.parent && hasRealm(current.parent, realmGlobal)) {
    const { parent } = current;
    indexes.unshift(
      Array.from({ length: parent.length }, (_, index) => parent[index]).indexOf(current),
    );
    current = parent;
  }
  if (indexes.length === 0) return { frame: "", top: undefined };
  const marks = current as unknown as Record<string, RealmMark>;
  return { frame: indexes.join("/"), top: marks[realmGlobal] };
}

/** Whether this window is a frame of a page of the same application, and not of the panel. */
function hasRealm(candidate: Window, realmGlobal: string): boolean {
  try {
    return Object.hasOwn(candidate, realmGlobal);
  } catch {
    // Another origin: that is the panel, or a page that we do not serve.
    return false;
  }
}

function read(key: string): Stored {
  try {
    return parse(sessionStorage.getItem(key));
  } catch {
    // Refused by the browser. The window's own name is kept over reloads as well, and is not copied to a new tab.
    if (!window.name.startsWith(windowNamePrefix)) return {};
    return { ...parse(window.name.slice(windowNamePrefix.length)), left: true };
  }
}

function write(key: string, stored: Stored): void {
  const text = JSON.stringify(stored);
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // Refused or full. A window name that is not ours belongs to the application.
    if (window.name === "" || window.name.startsWith(windowNamePrefix))
      window.name = windowNamePrefix + text;
  }
}

function parse(text: string | null): Stored {
  try {
    const { name, instance, left } = JSON.parse(text ?? "{}") as Record<string, unknown>;
    return {
      ...(typeof name === "string" ? { name } : {}),
      ...(typeof instance === "string" ? { instance } : {}),
      left: left === true,
    };
  } catch {
    // Somebody else's text under our key.
    return {};
  }
}
