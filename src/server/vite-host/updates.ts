/** From a saved file to Vite's hot update: our watcher in front of Vite. */
import path from "node:path";
import picomatch from "picomatch";
import type { Plugin, ViteDevServer } from "vite";
import { mendedModules } from "./mended-modules.ts";
import type { Problems, ViteError } from "./problems.ts";
import type { Settled } from "./settings-plugin.ts";
import { graphOf, Proof, toModulePath } from "./proof.ts";
import { isInside, Watcher, type WatchEvent } from "./watcher.ts";

export interface UpdatesOptions {
  readonly settled: Settled;
  readonly problems: Problems;
  /** Loads the config alone; throws what is wrong with it. */
  checkConfig(): Promise<void>;
  failed(error: Error): void;
  /** A file of the project was edited; told at most every 10 s. */
  edited(): void;
}

/** Ms. Whether anybody works here is asked in minutes. */
const editedEveryMs = 10_000;

/** What no dev server watches, and what we write ourselves: logs of a REPL, and files that are about to replace others. */
const alwaysIgnored = [
  "**/.git/**",
  "**/node_modules/**",
  "**/test-results/**",
  "**/daebug/**",
  "**/daebug.md",
  "**/.vitrine-*.{tmp,old}",
];

export function updatesPlugin(options: UpdatesOptions): Plugin {
  let watcher: Watcher | undefined;
  let proof: Proof | undefined;
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
    hotUpdate: {
      order: "pre",
      handler(changes) {
        return mendedModules(changes, (url) => this.environment.transformRequest(url));
      },
    },
    async configureServer(server) {
      watcher?.close();
      watcher = undefined;
      proof?.close();
      proof = new Proof(server, options.problems);
      if (options.settled.ownWatcher) watcher = await watchProject(server, options);
      server.watcher.on("all", rarely(options.edited));
      const { close } = server;
      server.close = async () => {
        watcher?.close();
        proof?.close();
        await close();
      };
    },
  };
}

function rarely(call: () => void): () => void {
  let last = -Infinity;
  return () => {
    if (performance.now() - last < editedEveryMs) return;
    last = performance.now();
    call();
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
  const name = toModulePath(file);
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
  const known = graphOf(server).getModulesByFile(toModulePath(file));
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
