/** The attached servers as the settings want them: where to look, and what is said about them. */
import { homedir } from "node:os";
import path from "node:path";
import type { DevServerSettings } from "../../protocol/contract.ts";
import type { DevInfo } from "../../protocol/dev-server.ts";
import type { Log } from "../log.ts";
import type { ExternalPart } from "./external/attachment.ts";
import { Externals } from "./external/externals.ts";

export interface AttachedOptions {
  readonly log: Log;
  readonly stateDirectory: string;
  settings(): DevServerSettings;
  /** Projects and their roots. */
  known(): readonly { readonly id: string; readonly root: string }[];
  changed(part: ExternalPart): void;
  detached(id: string): void;
  mayAttach(id: string, info: DevInfo): boolean | Promise<boolean>;
}

export function createExternals(options: AttachedOptions): Externals {
  const { log, stateDirectory, settings, known, changed, detached, mayAttach } = options;
  return new Externals({
    projects: known,
    stateDirectories: () => [stateDirectory],
    globs: () => settings().devinfo.map(withHome),
    allowedHosts: () => settings().allowedHosts,
    mayAttach,
    events: {
      changed,
      detached: (id) => detached(id),
      rejected: (file, error) => log.add("warn", `${file}: ${error.message}`),
      failed: (error) => log.bug(error, "looking for attached servers"),
    },
  });
}

function withHome(glob: string): string {
  return glob.startsWith("~/") ? path.join(homedir(), glob.slice(2)) : glob;
}
