/** What a Vite host is told to serve. */
import type { Project } from "../../protocol/model.ts";
import type { Streaming } from "../../protocol/packs.ts";
import type { CompositePart, ServeOptions } from "../../protocol/vite-host.ts";
import { presetOf } from "../dev-servers/detection/vite.ts";
import type { ResolvedVite } from "../vite-host/resolve-vite.ts";
import type { Addresses } from "./addresses.ts";
import type { Caches } from "./caches.ts";

export interface ServeParts {
  readonly project: Project;
  readonly vite: ResolvedVite;
  readonly addresses: Addresses;
  readonly port: number;
  readonly pipe: string;
  readonly caches: Caches;
  readonly streaming: Streaming;
  readonly composite: CompositePart;
}

export async function serveOptions(parts: ServeParts): Promise<ServeOptions> {
  const { project, vite, addresses, port, pipe, streaming, composite } = parts;
  const { root, configFile } = project;
  const { prefix, origins, hosts } = addresses;
  const cacheDir = await parts.caches.claim(root);
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
    streaming,
    composite,
    ...(cacheDir === undefined ? {} : { cacheDir }),
  };
}
