/**
 * The few settings of a project's Vite that we decide (dev-servers 4.1.4, decisions 8 and 9). A `config` hook, because
 * merged inline options are no protection: a user's `allowedHosts: true` beats a list, arrays are concatenated, and an
 * inline `watch: null` is dropped.
 */
import type { Plugin, UserConfig } from "vite";
import type { ServeOptions } from "../../protocol/vite-host.ts";

export interface Settled {
  /** Effective base: outside prefix plus the user's own base. */
  base: string;
  userBase: string;
  /** Our watcher serves this project, not Vite's. */
  ownWatcher: boolean;
  /** What the user wants unwatched. */
  ignored: unknown;
  /** Hosts and origins that the project's config names explicitly: they hold for Vite, never for our endpoints. */
  hosts: readonly string[];
  origins: readonly string[];
  /** Origins of pages that show this project as a plugin. */
  composed: readonly string[];
}

/** @param settled receives what the hook found in the user's configuration */
export function settingsPlugin(options: ServeOptions, settled: Settled): Plugin {
  return {
    name: "vitrine:settings",
    enforce: "post",
    config: {
      order: "post",
      handler(config) {
        settleBase(config, options, settled);
        settleServer((config.server ??= {}), options, settled);
      },
    },
  };
}

function settleBase(config: UserConfig, options: ServeOptions, settled: Settled): void {
  settled.userBase = pathOf(config.base);
  settled.base = options.prefix.replace(/\/$/, "") + settled.userBase;
  config.base = settled.base;
}

/** Vite serves `''` and `'./'` at the root, and of a full URL only the path. */
function pathOf(base: string | undefined): string {
  if (base === undefined || base === "" || base === "./") return "/";
  const pathname = URL.canParse(base) ? new URL(base).pathname : base;
  return `/${pathname.replace(/^\/|\/$/g, "")}/`.replace("//", "/");
}

function settleServer(
  server: NonNullable<UserConfig["server"]>,
  options: ServeOptions,
  settled: Settled,
): void {
  settled.hosts = Array.isArray(server.allowedHosts) ? server.allowedHosts : [];
  settled.origins = explicitOrigins(server.cors);
  server.host = "127.0.0.1";
  server.port = options.port;
  server.strictPort = true;
  // The preview is the display; a second window would open with each restart.
  server.open = false;
  server.allowedHosts = [
    ...settled.hosts,
    ...options.hosts.map((host) => new URL(`http://${host}`).hostname),
  ];
  server.cors = { origin: [...settled.origins, ...options.origins] };
  const { filesOrigin } = options.composite;
  if (filesOrigin !== undefined) server.origin ??= filesOrigin;
  // The deny list itself is enforced by the gate in front, on the decoded path.
  server.fs = { ...server.fs, strict: true };
  settled.ignored = server.watch?.ignored;
  // Polling is asked for where the kernel's events do not arrive; null means the user watches nothing.
  settled.ownWatcher = server.watch !== null && server.watch?.usePolling !== true;
  if (settled.ownWatcher) server.watch = null;
}

function explicitOrigins(cors: NonNullable<UserConfig["server"]>["cors"]): string[] {
  if (typeof cors !== "object" || cors === null) return [];
  const { origin } = cors as { origin?: unknown };
  return [origin]
    .flat()
    .filter((value): value is string => typeof value === "string" && value !== "*");
}
