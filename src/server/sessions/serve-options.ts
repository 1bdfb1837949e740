/** What a Vite host is told to serve. */
import { createHash } from "node:crypto";
import { access, constants } from "node:fs/promises";
import path from "node:path";
import type { Project } from "../../protocol/model.ts";
import type { ServeOptions } from "../../protocol/vite-host.ts";
import { presetOf } from "../dev-servers/projects.ts";
import type { ResolvedVite } from "../vite-host/resolve-vite.ts";
import type { Addresses } from "./addresses.ts";

export interface ServeParts {
  readonly project: Project;
  readonly vite: ResolvedVite;
  readonly addresses: Addresses;
  readonly port: number;
  readonly pipe: string;
  readonly stateDirectory: string;
}

export async function serveOptions(parts: ServeParts): Promise<ServeOptions> {
  const { project, vite, addresses, port, pipe } = parts;
  const { root, configFile } = project;
  const { prefix, origins, hosts } = addresses;
  const cacheDir = await cacheDirectory(root, parts.stateDirectory);
  return {
    root,
    configFile: configFile ?? false,
    preset: configFile === undefined ? await presetOf(root) : "plain",
    vite: vite.url,
    port,
    prefix,
    origins,
    hosts,
    pipe,
    ...(cacheDir === undefined ? {} : { cacheDir }),
  };
}

/** Vite's own place is `node_modules/.vite`; a folder without packages, or one we cannot write, is left untouched. */
async function cacheDirectory(root: string, stateDirectory: string): Promise<string | undefined> {
  try {
    await access(path.join(root, "node_modules"), constants.W_OK);
    return undefined;
  } catch {
    const key = createHash("sha256").update(root).digest("hex").slice(0, 16);
    return path.join(stateDirectory, "vite-cache", key);
  }
}
