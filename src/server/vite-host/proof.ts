/**
 * Every change is proven by a transform at once: its errors become Problems although no page asks, problems clear when
 * they are mended, and the page finds the work done. A reload of the page into a broken module is held back until it
 * transforms, so that the page keeps its last good state.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { EnvironmentModuleNode, ViteDevServer } from "vite";
import type { Problems, ViteError } from "./problems.ts";

/** Ms after which a change that caused no update is proven all the same. */
const proveAfterMs = 100;

type Send = (...args: unknown[]) => void;

interface Payload {
  readonly type?: string;
  readonly updates?: readonly { readonly acceptedPath: string }[];
}

export class Proof {
  readonly #server: ViteDevServer;
  readonly #problems: Problems;
  readonly #send: Send;
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** The reload that waits, as Vite sent it. */
  #held: unknown[] | undefined;
  #lastError: ViteError = {};

  /** Looks at everything that the server sends to its pages from now on. */
  constructor(server: ViteDevServer, problems: Problems) {
    this.#server = server;
    this.#problems = problems;
    const channel = server.environments?.client?.hot ?? server.hot;
    this.#send = channel.send.bind(channel);
    channel.send = (...args: unknown[]) => this.#intercept(args);
    for (const event of ["change", "add", "unlink"]) {
      server.watcher.on(event, (file: string) => this.#onChange(file));
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #onChange(file: string): void {
    this.#changed.add(toModulePath(file));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#prove([]), proveAfterMs);
  }

  /** Vite sends just after it has invalidated the modules, which is the moment to transform them again. */
  #intercept(args: unknown[]): void {
    const payload = (args[0] ?? {}) as Payload;
    if (payload.type === "full-reload") return void this.#reload(args);
    this.#send(...args);
    if (payload.type !== "update") return;
    void this.#prove(payload.updates?.map((update) => update.acceptedPath) ?? []);
  }

  async #reload(args: unknown[]): Promise<void> {
    this.#held = args;
    await this.#prove([]);
    // Shown by Vite's own overlay where no panel shows it; the next update takes it away.
    if (this.#held === args) this.#send({ type: "error", err: overlayError(this.#lastError) });
  }

  async #prove(urls: readonly string[]): Promise<void> {
    clearTimeout(this.#timer);
    const files = [...this.#changed, ...this.#problems.files().map(toModulePath)];
    this.#changed.clear();
    const modules = files.flatMap((file) => [...(this.#graph.getModulesByFile(file) ?? [])]);
    const known = modules.filter((module) => module.type !== "asset").map((module) => module.url);
    await Promise.all([...new Set([...urls, ...known])].map((url) => this.#proveModule(url)));
    const pages = this.#problems.files().filter((file) => file.endsWith(".html"));
    await Promise.all(pages.map((file) => this.#provePage(file)));
    this.#release();
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined || this.#isBroken()) return;
    this.#held = undefined;
    this.#send(...held);
  }

  /** Something that the page would load has a problem. A broken config is none: the running server has the old one. */
  #isBroken(): boolean {
    return this.#problems
      .files()
      .some(
        (file) => file.endsWith(".html") || this.#graph.getModulesByFile(toModulePath(file))?.size,
      );
  }

  async #proveModule(url: string): Promise<void> {
    const file = (await this.#graph.getModuleByUrl(url))?.file ?? undefined;
    try {
      await this.#server.transformRequest(url);
      if (file !== undefined) this.#problems.passed(file);
    } catch (error) {
      this.#lastError = error as ViteError;
      this.#problems.failed(this.#lastError, file);
    }
  }

  /** Pages are no modules: they are proven by their own transform. */
  async #provePage(file: string): Promise<void> {
    try {
      const url = `/${path.relative(this.#server.config.root, file)}`;
      await this.#server.transformIndexHtml(url, await readFile(file, "utf8"));
      this.#problems.passed(file);
    } catch (error) {
      this.#lastError = error as ViteError;
      this.#problems.failed(this.#lastError, file);
    }
  }

  get #graph(): ModuleGraph {
    return graphOf(this.#server);
  }
}

export interface ModuleGraph {
  getModulesByFile(file: string): Set<EnvironmentModuleNode> | undefined;
  getModuleByUrl(url: string): Promise<EnvironmentModuleNode | undefined>;
}

/** The graph of what pages load; Vite 5 has one for everything. */
export function graphOf(server: ViteDevServer): ModuleGraph {
  return server.environments?.client?.moduleGraph ?? (server.moduleGraph as never);
}

/** Module graphs name files with slashes on every platform. */
export function toModulePath(file: string): string {
  return file.split(path.sep).join("/");
}

/** What Vite's client shows; it expects every field to be text without colours. */
function overlayError({ message = "", plugin, id, loc, stack = "" }: ViteError): object {
  const frame = "";
  return {
    message: stripVTControlCharacters(message),
    stack: stripVTControlCharacters(stack),
    plugin,
    id,
    loc,
    frame,
  };
}
