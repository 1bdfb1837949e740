/** One Vite server: a project's own config, our overlay, structured errors, our door in front. */
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { InlineConfig, Plugin, ViteDevServer } from "vite";
import { UserError } from "../../protocol/errors.ts";
import type { ResolvedImport } from "../../protocol/realm.ts";
import type {
  CompositePart,
  Served,
  ServeOptions,
  ViteServerEvents,
} from "../../protocol/vite-host.ts";
import { PACK_ROUTE } from "../../protocol/packs.ts";
import { createModulePacks, type ModulePacks } from "../modules/packs-plugin.ts";
import { checkConfig, configFailed, startsLoading } from "./config-loading.ts";
import { hostPagePlugin } from "./composite/host-page-plugin.ts";
import { vitrineShared } from "./composite/shared-plugin.ts";
import { frontDoor } from "./front-door.ts";
import { resolveImport } from "./imports.ts";
import type { Vite } from "./main.ts";
import { mapPosition, type Position } from "./positions.ts";
import { presetPlugins } from "./presets.ts";
import { createProblems, type Problems } from "./problems.ts";
import { reactRefreshPlugin } from "./react-refresh-plugin.ts";
import { realmPlugin } from "./realm-plugin.ts";
import { settingsPlugin, type Settled } from "./settings-plugin.ts";
import { testModulesPlugin } from "./test-modules-plugin.ts";
import { updatesPlugin } from "./updates.ts";
import { createLogger, say } from "./vite-logger.ts";
import { workerPlugin } from "./worker-plugin.ts";

export interface DevServer {
  served(): Served;
  resolveImports(file: string, specifiers: readonly string[]): Promise<readonly ResolvedImport[]>;
  mapPosition(url: string, line: number, column: number): Promise<Position | undefined>;
  /** @param pages exact origins of the pages that show this project as a plugin */
  compose(pages: readonly string[]): void;
  close(): Promise<void>;
}

/**
 * Creates the server and listens.
 * Throws UserError `config_failed` (data: file, line, column), `port_in_use`, or what Vite throws.
 */
export async function startDevServer(
  vite: Vite,
  options: ServeOptions,
  events: ViteServerEvents,
): Promise<DevServer> {
  const settled: Settled = {
    base: "/",
    userBase: "/",
    ownWatcher: true,
    ignored: undefined,
    hosts: [],
    origins: [],
    composed: options.composite.pages,
  };
  const problems = createProblems(options.root, (list) => events.problemsChanged(list));
  const packs = createModulePacks({
    vite,
    streaming: options.streaming,
    failed: (error) => say(events, "warn", `Keeping module packs failed: ${error.message}`),
  });
  startsLoading(options, events);
  const server = await createServer(
    vite,
    await inlineConfig(vite, options, { settled, problems, events, packs }),
    options,
  );
  const port = await listen(server, options.port);
  void warmUp(server, packs, events);

  const served = (): Served => ({
    url: `http://127.0.0.1:${port}${settled.userBase}`,
    base: settled.base,
    viteVersion: vite.version,
    notices: noticesFor(vite, settled),
  });
  return {
    served,
    resolveImports: (file, specifiers) =>
      Promise.all(specifiers.map((specifier) => resolveImport(server, file, specifier))),
    mapPosition: (url, line, column) => {
      const pack = url.indexOf(`/${PACK_ROUTE}`);
      return pack === -1
        ? mapPosition(server, url, line, column)
        : packs.mapPosition(url.slice(pack + PACK_ROUTE.length + 1), line, column);
    },
    compose: (pages) => {
      settled.composed = pages;
    },
    close: () => server.close(),
  };
}

interface Parts {
  readonly settled: Settled;
  readonly problems: Problems;
  readonly events: ViteServerEvents;
  readonly packs: ModulePacks;
}

async function inlineConfig(
  vite: Vite,
  options: ServeOptions,
  { settled, problems, events, packs }: Parts,
): Promise<InlineConfig> {
  const { configFile } = options;
  return {
    root: options.root,
    configFile,
    ...(options.cacheDir === undefined ? {} : { cacheDir: options.cacheDir }),
    clearScreen: false,
    customLogger: createLogger(problems, events),
    plugins: [
      ...(configFile === false ? await presetPlugins(options.preset) : []),
      settingsPlugin(options, settled),
      ...compositePlugins(vite, options.composite, () => settled.base),
      testModulesPlugin(() => settled.base),
      realmPlugin(() => settled.base),
      workerPlugin(() => settled.base),
      reactRefreshPlugin(),
      packs.updates,
      updatesPlugin({
        settled,
        problems,
        checkConfig: () => checkConfig(vite, options, events),
        failed: (error) => say(events, "warn", `Watching files failed: ${error.message}`),
        edited: () => events.edited(),
      }),
      {
        name: "vitrine:door",
        apply: "serve",
        configureServer(server) {
          events.step("Starting Vite", false);
          if (server.httpServer !== null) {
            frontDoor(server.httpServer, { ...options, answerPack: packs.answer }, settled);
          }
        },
      },
      packs.pages,
    ],
  };
}

/** Before the realm client, which has to be the first script of a page. */
function compositePlugins(
  vite: Vite,
  { shared, plugins, published }: CompositePart,
  base: () => string,
): Plugin[] {
  return [
    ...(shared.length > 0 ? [vitrineShared({ vite, packages: shared })] : []),
    ...(plugins.length > 0 ? [hostPagePlugin({ plugins, packages: published, base })] : []),
  ];
}

async function createServer(
  vite: Vite,
  config: InlineConfig,
  options: ServeOptions,
): Promise<ViteDevServer> {
  try {
    return await vite.createServer(config);
  } catch (error) {
    if (options.configFile === false) throw error;
    throw configFailed(error, options.root, options.configFile);
  }
}

/** @returns the port, which the system has chosen if 0 was asked for */
async function listen(server: ViteDevServer, port: number): Promise<number> {
  try {
    await server.listen();
    return (server.httpServer!.address() as AddressInfo).port;
  } catch (error) {
    await server.close();
    const taken =
      (error as NodeJS.ErrnoException).code === "EADDRINUSE" ||
      /already in use/i.test((error as Error).message);
    if (!taken) throw error;
    throw new UserError("port_in_use", `Port ${port} was taken by another program`, {
      data: { port },
      cause: error,
    });
  }
}

/** Transforms the page and, through it, what it imports, before the browser has asked. */
async function warmUp(
  server: ViteDevServer,
  packs: ModulePacks,
  events: ViteServerEvents,
): Promise<void> {
  const page = path.join(server.config.root, "index.html");
  try {
    const html = await readFile(page, "utf8");
    if (!(await packs.prepare(html))) await server.transformIndexHtml("/index.html", html);
  } catch (error) {
    // A project without index.html, or a page that is broken: the browser's request reports it.
    say(events, "debug", `Not warmed up: ${String(error)}`);
  }
}

function noticesFor(vite: Vite, settled: Settled): string[] {
  const notices: string[] = [];
  if (Number.parseInt(vite.version, 10) < 6) {
    notices.push(
      `Vite ${vite.version} serves its modules over HTTP: streaming needs Vite 6 or later`,
    );
  }
  if (!settled.ownWatcher) notices.push("The project's own server.watch setting is in use");
  return notices;
}
