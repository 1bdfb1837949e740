/** What the server and a Vite host say to each other over the host's IPC channel. */

import type { LogEntry, Problem } from "./model.ts";
import type { Streaming } from "./packs.ts";
import type { ResolvedImport } from "./realm.ts";

/** Which of our plugin copies serves a folder without a Vite config. */
export type Preset = "plain" | "react" | "vue" | "svelte";

export interface ServeOptions {
  /** Absolute real path. */
  readonly root: string;
  /** Absolute path of the project's config, or false when it has none. */
  readonly configFile: string | false;
  /** Used when `configFile` is false. */
  readonly preset: Preset;
  /** `file:` URL of the Vite that runs: the project's own, else ours. */
  readonly vite: string;
  readonly port: number;
  /** Path prefix under which the outside reaches the port, `/` when none; the user's own base is appended. */
  readonly prefix: string;
  /** Origins of pages that may talk to this port: exact strings. */
  readonly origins: readonly string[];
  /** `Host` values (authority with port) that may reach this port. */
  readonly hosts: readonly string[];
  /** Local socket or pipe of the server for this session's realm channel. */
  readonly pipe: string;
  /** Absolute directory for Vite's cache when the default must not be used. */
  readonly cacheDir?: string;
  readonly streaming: Streaming;
  readonly composite: CompositePart;
}

/** What a project is in composite previews (dev-servers section 10). All of it empty: nothing. */
export interface CompositePart {
  /** Packages that the pages which show this project provide to it. */
  readonly shared: readonly string[];
  /** Ids of the projects that the page of this one shows. */
  readonly plugins: readonly string[];
  /** Packages that it provides to them. */
  readonly published: readonly string[];
  /** Exact origins of the pages that show this project. */
  readonly pages: readonly string[];
  /** Origin by which those pages name its files: root-relative names would be files of theirs. Absent when none shows it. */
  readonly filesOrigin?: string;
}

export interface Served {
  readonly url: string;
  /** Effective base: outside prefix plus the user's own base. */
  readonly base: string;
  readonly viteVersion: string;
  readonly notices: readonly string[];
}

/** The server asks about the Vite server of one project. */
export interface ViteServerMethods {
  /** Starts it. Rejects with a `WireError` in its message field. */
  serve(options: ServeOptions): Promise<Served>;
  /** Resolves imports of a document as Vite's import analysis would, at this moment. */
  resolveImports(file: string, specifiers: readonly string[]): Promise<readonly ResolvedImport[]>;
  /** Maps a place in a served module to its source: `url` as the browser names it; 1-based line and column. */
  mapPosition(
    url: string,
    line: number,
    column: number,
  ): Promise<{ file: string; line: number; column: number } | undefined>;
  /** From now on pages of these origins, and no others, may load its modules into theirs. */
  compose(pages: readonly string[]): Promise<void>;
  /** Ends it. Waits for a start that goes on. */
  close(): Promise<void>;
}

/** A Vite host tells about the Vite server of one project. */
export interface ViteServerEvents {
  /** What it is doing now, in words for the waiting state. `config` is true while user configuration loads. */
  step(text: string, config: boolean): void;
  /** The complete list of transform and build errors. */
  problemsChanged(problems: readonly Problem[]): void;
  /** The project's Vite restarted itself, for instance after a config change. */
  served(served: Served): void;
  /** A watched file was edited; told at most every 10 s. */
  edited(): void;
  logged(entry: Omit<LogEntry, "session">): void;
}

/** The same with the id of the project in front: a Vite host may serve several. */
type OfProject<Contract> = {
  [Name in keyof Contract]: Contract[Name] extends (...args: infer Args) => infer Result
    ? (project: string, ...args: Args) => Result
    : never;
};

export interface ViteHostMethods extends OfProject<ViteServerMethods> {
  /**
   * Imports a Vite and tries it, so that a later `serve` is quick.
   * @param directory an empty, private folder
   */
  warm(vite: string, directory: string): Promise<void>;
  /** Answers, unless something keeps the whole process. */
  ping(): Promise<void>;
}

export interface ViteHostEvents extends OfProject<ViteServerEvents> {
  /** The process ends, and this project's code did it; told as the last thing. */
  ended(project: string): void;
}
