/** From a saved file to Vite's hot update: our watcher in front, and every change proven by a transform. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import picomatch from "picomatch";
import type { EnvironmentModuleNode, Plugin, ViteDevServer } from "vite";
import type { Problems, ViteError } from "./problems.ts";
import type { Settled } from "./settings-plugin.ts";
import { isInside, Watcher, type WatchEvent } from "./watcher.ts";

export interface UpdatesOptions {
  readonly settled: Settled;
  readonly problems: Problems;
  /** Loads the config alone; throws what is wrong with it. */
  checkConfig(): Promise<void>;
  failed(error: Error): void;
}

/** Directories that no dev server watches. */
const alwaysIgnored = ["**/.git/**", "**/node_modules/**", "**/test-results/**"];

export function updatesPlugin(options: UpdatesOptions): Plugin {
  let watcher: Watcher | undefined;
  return {
    name: "vitrine:updates",
    apply: "serve",
    // Last of the plugins: it answers only for files that nobody else loads, in place of Vite's own read from disk.
    enforce: "post",
    load: {
      order: "post",
      handler(id) {
        const content = watcher?.delivered(path.normalize(id));
        return content === undefined || isBinary(content) ? null : content.toString("utf8");
      },
    },
    async configureServer(server) {
      watcher?.close();
      watcher = undefined;
      provesUpdates(server, options.problems);
      if (options.settled.ownWatcher) watcher = await watchProject(server, options);
      const { close } = server;
      server.close = async () => {
        watcher?.close();
        await close();
      };
    },
  };
}

function isBinary(content: Buffer): boolean {
  return content.subarray(0, 8000).includes(0);
}

async function watchProject(server: ViteDevServer, options: UpdatesOptions): Promise<Watcher> {
  const { config } = server;
  const unwanted = picomatch([...alwaysIgnored, ...globs(options.settled.ignored)], { dot: true });
  const matches = matchers(options.settled.ignored);
  const watcher = new Watcher({
    root: config.root,
    ignored: (file) =>
      isInside(file, config.cacheDir) ||
      isInside(file, path.resolve(config.root, config.build.outDir)) ||
      unwanted(file) ||
      unwanted(`${file}/`) ||
      matches.some((match) => match(file)),
    accepts: (file, content) => transforms(server, file, content),
    failed: options.failed,
    changed: (event, file) => void forward(server, options, event, file),
  });
  await watcher.start();
  watcher.add([...config.configFileDependencies, ...environmentFiles(server)]);
  server.watcher.add = (files) => {
    watcher.add([files].flat().map((file) => path.resolve(config.root, file)));
    return server.watcher;
  };
  return watcher;
}

function environmentFiles({ config }: ViteDevServer): string[] {
  if (typeof config.envDir !== "string") return [];
  return [".env", ".env.local", `.env.${config.mode}`, `.env.${config.mode}.local`].map((name) =>
    path.join(config.envDir as string, name),
  );
}

/** Vite hears of a change as it would from its own watcher; a broken config never takes the running server down. */
async function forward(
  server: ViteDevServer,
  options: UpdatesOptions,
  event: WatchEvent,
  file: string,
): Promise<void> {
  const name = file.split(path.sep).join("/");
  if (server.config.configFileDependencies.includes(name) || server.config.configFile === name) {
    try {
      await options.checkConfig();
    } catch (error) {
      return options.problems.failed(error as ViteError, file);
    }
    options.problems.passed(file);
  }
  if (event === "unlink") options.problems.passed(file);
  server.watcher.emit("all", event, file);
  server.watcher.emit(event, file);
}

/** Whether shorter content makes sense as a module: a torn save usually does not parse. */
async function transforms(server: ViteDevServer, file: string, content: Buffer): Promise<boolean> {
  const client = server.environments?.client;
  const known = (client?.moduleGraph ?? server.moduleGraph).getModulesByFile(
    file.split(path.sep).join("/"),
  );
  if (known === undefined || known.size === 0 || isBinary(content)) return true;
  try {
    await (client?.pluginContainer ?? server.pluginContainer).transform(
      content.toString("utf8"),
      file,
    );
    return true;
  } catch {
    // Why it does not parse is reported when it is believed.
    return false;
  }
}

/** Ms after which a change that caused no update is proven all the same. */
const proveAfterMs = 100;

/**
 * After each update the changed modules are transformed at once: their errors become Problems although no page asks,
 * problems clear when they are mended, and the page finds the work done. After, because Vite invalidates the modules in
 * its own handler of the change, just before it sends.
 */
function provesUpdates(server: ViteDevServer, problems: Problems): void {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const proveChanged = (urls: readonly string[]): void => {
    clearTimeout(timer);
    const modules = [...changed].flatMap((file) => [
      ...(graphOf(server).getModulesByFile(file) ?? []),
    ]);
    changed.clear();
    const changedUrls = modules
      .filter((module) => module.type !== "asset")
      .map((module) => module.url);
    void prove(server, problems, [...urls, ...changedUrls]);
  };
  const channel = server.environments?.client?.hot ?? server.hot;
  const send: (...args: unknown[]) => void = channel.send.bind(channel);
  channel.send = (...args: unknown[]) => {
    send(...args);
    const payload = args[0] as { type?: string; updates?: readonly { acceptedPath: string }[] };
    const accepted = payload?.updates?.map((update) => update.acceptedPath) ?? [];
    if (payload?.type === "update" || payload?.type === "full-reload") proveChanged(accepted);
  };
  for (const event of ["change", "add", "unlink"]) {
    server.watcher.on(event, (file: string) => {
      changed.add(file.split(path.sep).join("/"));
      clearTimeout(timer);
      timer = setTimeout(() => proveChanged([]), proveAfterMs);
    });
  }
}

async function prove(
  server: ViteDevServer,
  problems: Problems,
  urls: readonly string[],
): Promise<void> {
  const failing = problems
    .files()
    .flatMap((file) =>
      [...(graphOf(server).getModulesByFile(file) ?? [])].map((module) => module.url),
    );
  await Promise.all(
    [...new Set([...urls, ...failing])].map((url) => proveUrl(server, problems, url)),
  );
  for (const file of problems.files()) await proveOther(server, problems, file);
}

async function proveUrl(server: ViteDevServer, problems: Problems, url: string): Promise<void> {
  const file = (await graphOf(server).getModuleByUrl(url))?.file ?? undefined;
  try {
    await server.transformRequest(url);
    if (file !== undefined) problems.passed(file);
  } catch (error) {
    if (!isOutdated(error)) problems.failed(error as ViteError, file);
  }
}

/** Pages are no modules: they are proven by their own transform. */
async function proveOther(server: ViteDevServer, problems: Problems, file: string): Promise<void> {
  if (!file.endsWith(".html")) return;
  try {
    await server.transformIndexHtml(
      `/${path.relative(server.config.root, file)}`,
      await readFile(file, "utf8"),
    );
    problems.passed(file);
  } catch (error) {
    problems.failed(error as ViteError, file);
  }
}

/** Errors that say "ask again", not "this is wrong": a closed server, an outdated optimised dependency. */
function isOutdated(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return (
    typeof code === "string" &&
    /^ERR_(CLOSED_SERVER|OUTDATED_OPTIMIZED_DEP|OPTIMIZE_DEPS_PROCESSING_ERROR|LOAD_URL)$/.test(
      code,
    )
  );
}

function graphOf(server: ViteDevServer): {
  getModulesByFile(file: string): Set<EnvironmentModuleNode> | undefined;
  getModuleByUrl(url: string): Promise<EnvironmentModuleNode | undefined>;
} {
  return server.environments?.client?.moduleGraph ?? (server.moduleGraph as never);
}

function globs(ignored: unknown): string[] {
  return [ignored].flat().filter((entry): entry is string => typeof entry === "string");
}

function matchers(ignored: unknown): ((file: string) => boolean)[] {
  return [ignored].flat().flatMap((entry) => {
    if (entry instanceof RegExp) return [(file: string) => entry.test(file)];
    return typeof entry === "function"
      ? [(file: string) => Boolean((entry as (file: string) => unknown)(file))]
      : [];
  });
}
