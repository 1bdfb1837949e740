/** Module packs of one Vite server: the plugins that make them, and the doors to them. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import type { Plugin, ViteDevServer } from "vite";
import type { Streaming } from "../../protocol/packs.ts";
import { policiesInHeaders } from "../content-policy.ts";
import { entries } from "../entries.ts";
import type { Vite } from "../vite-host/main.ts";
import type { Position } from "../vite-host/positions.ts";
import { createDependencies } from "./dependencies.ts";
import { createViteSource } from "./module-source.ts";
import { mapPackPosition } from "./pack-maps.ts";
import { repeatMissed } from "./missed-updates.ts";
import { createPackRoutes, type PackRoutes } from "./pack-routes.ts";
import { packedPage, preparePage, type PageHtmlParts } from "./page-html.ts";
import { createPagePacks } from "./page-packs.ts";
import { createPendingPacks } from "./pending-packs.ts";
import { createWrapCache } from "./wrap-cache.ts";
import { showFailure } from "./show-failure.ts";
import { sendCode, type UpdateChannel } from "./update-code.ts";

export interface ModulePacks {
  /** Before the plugins that look at updates: the code is added last. */
  readonly updates: Plugin;
  /** After all others: it sees every module script that another plugin put into the page. */
  readonly pages: Plugin;
  /**
   * Begins with the modules of a page before anybody asks for it.
   * @returns false when pages are not packed
   */
  prepare(html: string): Promise<boolean>;
  /** Answers a request below the pack route. */
  answer(request: IncomingMessage, response: ServerResponse, name: string): void;
  /** Maps a place in a pack: `name` is its file name; 1-based line and column. */
  mapPosition(name: string, line: number, column: number): Promise<Position | undefined>;
}

export interface ModulePacksOptions {
  readonly vite: Vite;
  readonly streaming: Streaming;
  failed(error: Error): void;
}

interface Running extends PageHtmlParts {
  readonly server: ViteDevServer;
  readonly routes: PackRoutes;
  readonly ready: () => Promise<void>;
}

export function createModulePacks(options: ModulePacksOptions): ModulePacks {
  const { vite, streaming } = options;
  let running: Running | undefined;
  /** Only then do updates carry code. */
  let served = false;

  const begin = async (server: ViteDevServer): Promise<void> => {
    running = undefined;
    served = false;
    if (streaming === "off" || !canPack(vite, server)) return;
    const started = start(options, server, await readFile(entries.packRuntime, "utf8"));
    running = started;
    // The walk asks for every module that a page needs; ahead of it Vite would also transform the stored dependencies.
    server.config.server.preTransformRequests = false;
    server.environments.client.config.dev.preTransformRequests = false;
    repeatMissed(server.environments.client.hot);
    sendCode(server.environments.client.hot as UpdateChannel, {
      base: server.config.base,
      wanted: () => served,
      update: (keys) => started.packs.update(keys),
    });
  };

  return {
    updates: { name: "vitrine:pack-updates", apply: "serve", configureServer: begin },
    pages: {
      name: "vitrine:pack-pages",
      apply: "serve",
      enforce: "post",
      transformIndexHtml: {
        order: "post",
        async handler(html, { server, originalUrl, path: page }) {
          if (running === undefined || running.server.config !== server?.config) return html;
          await running.ready();
          const made = await packedPage(running, html, originalUrl ?? page);
          served ||= made !== html;
          return made;
        },
      },
    },
    async prepare(html) {
      if (running === undefined) return false;
      await running.ready();
      await preparePage(running, html);
      return true;
    },
    answer(request, response, name) {
      if (running === undefined) response.writeHead(404).end();
      else void running.routes.answer(request, response, name);
    },
    async mapPosition(name, line, column) {
      const pack = running?.packs.find(name.replace(/\.js$/, ""));
      if (pack === undefined || running === undefined) return undefined;
      return mapPackPosition({ vite, server: running.server }, pack, line, column);
    },
  };
}

function start(
  { vite, failed }: ModulePacksOptions,
  server: ViteDevServer,
  runtime: string,
): Running {
  const { base, server: settings, html } = server.config;
  const directory = path.join(server.config.cacheDir, "vitrine-packs", vite.version);
  const dependencies = createDependencies(server, directory, failed);
  const cache = createWrapCache(path.join(directory, "modules.pack"), failed);
  const source = createViteSource({ vite, server, dependencies, cache });
  const packs = createPagePacks(source, dependencies, runtime.trim());
  const pending = createPendingPacks();
  let loaded: Promise<void> | undefined;
  return {
    server,
    base,
    packs,
    pending,
    source,
    policies: policiesInHeaders(settings.headers),
    nonced: html?.cspNonce !== undefined,
    routes: createPackRoutes({
      vite,
      packs,
      pending,
      inline: (key) => source.inline(key),
      failed: (error) => showFailure(server, error),
    }),
    // The optimiser knows its state only once the server listens.
    ready: () => (loaded ??= Promise.all([dependencies.load(), cache.load()]).then(() => {})),
  };
}

/** Vite 5 has neither environments nor the transform; a bundled dev server has no modules. */
function canPack(vite: Vite, server: ViteDevServer): boolean {
  const { environments } = server as Partial<ViteDevServer>;
  return (
    environments?.client !== undefined &&
    typeof (vite as Partial<Vite>).moduleRunnerTransform === "function" &&
    (server.config.experimental as { bundledDev?: boolean }).bundledDev !== true
  );
}
