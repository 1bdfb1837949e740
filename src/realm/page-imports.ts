/** Imports of blocks in a page or worker: addresses come from the server, modules from the page, so that both share instances. */
import type { FromRealm, ResolvedImport, RunRequest } from "../protocol/realm.ts";
import type { LoadedModule } from "./block-imports.ts";

/** The server reads no longer ones. */
const specifierCharacters = 4000;

export interface PageImports {
  load(specifier: string, request: RunRequest): Promise<LoadedModule>;
  /** The server's answer to a `resolve`. */
  resolved(ask: number, result: ResolvedImport): void;
  /** Asks again what a lost connection left open. */
  repeat(): void;
}

/**
 * @param base address of the page's base; a worker made from text has none of its own
 * @param importModule imports as the page would
 */
export function createPageImports(
  base: URL,
  send: (message: FromRealm) => void,
  importModule: (url: string) => Promise<object>,
): PageImports {
  const open = new Map<number, { message: FromRealm; answer: (result: ResolvedImport) => void }>();
  let asked = 0;

  async function ask(file: string, specifier: string): Promise<ResolvedImport> {
    // A complete address needs no resolving, and data: may be longer than any message.
    if (/^(?:https?|data|blob):/.test(specifier))
      return { specifier, url: specifier, interop: false };
    if (specifier.length > specifierCharacters)
      throw new Error("The import's specifier is too long");
    asked += 1;
    const message: FromRealm = { type: "resolve", ask: asked, file, specifier };
    return new Promise((answer) => {
      open.set(asked, { message, answer });
      send(message);
    });
  }

  return {
    async load(specifier, request) {
      const ahead = request.imports.find((one) => one.specifier === specifier);
      const found = ahead ?? (await ask(request.file, specifier));
      if (found.url === "")
        throw new Error(found.error ?? `${JSON.stringify(specifier)} cannot be found`);
      const namespace = await importModule(new URL(found.url, base).href);
      return { namespace, interop: found.interop ? "always" : "never" };
    },
    resolved(id, result) {
      open.get(id)?.answer(result);
      open.delete(id);
    },
    repeat() {
      for (const { message } of open.values()) send(message);
    },
  };
}
