/** Packed modules out of a project's own Vite: its client output, wrapped once per transform result. */
import type { TransformResult, ViteDevServer } from "vite";
import { INLINE_PREFIX, PACKS_GLOBAL } from "../../protocol/packs.ts";
import { isDenied } from "../files/deny-list.ts";
import type { Vite } from "../vite-host/main.ts";
import type { Dependencies } from "./dependencies.ts";
import { isLocal, toRequest } from "./urls.ts";
import type { ModuleSource } from "./walk.ts";
import type { WrapCache } from "./wrap-cache.ts";
import { hashOf, wrapModule, type PackedModule } from "./wrap.ts";

export interface ViteSource extends ModuleSource {
  /** Takes the text of an inline module script. @returns its key */
  addInline(code: string): string;
  /** Text of an inline module script by its key. */
  inline(key: string): string | undefined;
  /** A page is complete: what was made for it is worth keeping. */
  keep(): void;
  /** Whether the optimiser made it. */
  isDependency(key: string): boolean;
}

/** What Vite answers with 404 or 403: the browser asks, and is told so. */
const onlyByHttp = /^ERR_(?:LOAD_URL|LOAD_PUBLIC_URL|DENIED_ID)$/;
/** Ms between two looks at an optimiser that is at work. */
const settleMs = 50;

/**
 * The glue of React Refresh waits 16 ms for further updates. Ours come in batches whose end is known, so this one module
 * gets timers that the runtime fires at that moment.
 */
const refreshRuntime = "/@react-refresh";
const refreshTimers = `const{setTimeout,clearTimeout}=self.${PACKS_GLOBAL}.timers;`;

export interface ViteSourceParts {
  readonly vite: Vite;
  readonly server: ViteDevServer;
  readonly dependencies: Dependencies;
  readonly cache: WrapCache;
}

export function createViteSource(parts: ViteSourceParts): ViteSource {
  const { server, dependencies } = parts;
  const { base } = server.config;
  const client = server.environments.client;
  const wrapped = new WeakMap<TransformResult, Promise<PackedModule>>();
  const inlines = new Map<string, TransformResult>();

  const isDependency = (request: string): boolean =>
    client.depsOptimizer?.isOptimizedDepUrl(request) ?? false;

  const wrap = (result: TransformResult, request: string): Promise<PackedModule> => {
    const known = wrapped.get(result);
    if (known !== undefined) return known;
    const made = isDependency(request)
      ? wrapModule(parts.vite, result)
      : wrapCached(parts, result, request);
    wrapped.set(result, made);
    return made;
  };

  const transform = async (request: string): Promise<TransformResult | null> => {
    try {
      return await client.transformRequest(request);
    } catch (error) {
      if (onlyByHttp.test(String((error as { code?: unknown }).code))) return null;
      throw error;
    }
  };

  return {
    async load(key) {
      const inline = inlines.get(key);
      if (inline !== undefined) return wrap(inline, key);
      const stored = dependencies.get(key);
      if (stored !== undefined) return stored;
      const request = toRequest(key, base);
      // Outside the base, for what is never served and for modules of ours, the answer is the one over HTTP.
      const isOurs = request.startsWith("/-daebug-");
      if (!isLocal(key) || !key.startsWith(base) || isDenied(request) || isOurs) return null;
      const result = await transform(request);
      return result === null ? null : wrap(result, request);
    },
    async settled() {
      await client.depsOptimizer?.scanProcessing;
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      const found = Object.values(client.depsOptimizer?.metadata.discovered ?? {});
      for (const { processing } of found) await processing;
    },
    addInline(code) {
      const key = `${INLINE_PREFIX}${hashOf(code)}`;
      if (!inlines.has(key)) inlines.set(key, { code, map: null });
      return key;
    },
    keep: () => parts.cache.keep(),
    inline: (key) => inlines.get(key)?.code,
    isDependency: (key) => isDependency(toRequest(key, base)),
  };
}

/** Stands for the token of the socket, which differs at each start and would make Vite's client a new module. */
const tokenPlaceholder = "vitrine-socket-token";

/** Once for each text, over all sessions. */
async function wrapCached(
  { vite, server, cache }: ViteSourceParts,
  result: TransformResult,
  request: string,
): Promise<PackedModule> {
  const prologue = request === refreshRuntime ? refreshTimers : "";
  const token = (server.config as { webSocketToken?: string }).webSocketToken ?? "";
  const hasToken = request === "/@vite/client" && token !== "";
  const code = hasToken ? result.code.replaceAll(token, tokenPlaceholder) : result.code;
  const id = hashOf(`${prologue}\n${code}`);
  let module = cache.get(id);
  if (module === undefined) {
    const { result: _made, ...lasting } = await wrapModule(vite, { ...result, code }, prologue);
    module = lasting;
    cache.add(id, module);
  }
  const { deps, isAsync, hash, text: stable } = module;
  if (!hasToken) return { text: stable, deps, isAsync, hash, result };
  const text = stable.replaceAll(tokenPlaceholder, token);
  return { text, deps, isAsync, hash: hashOf(text), result };
}
