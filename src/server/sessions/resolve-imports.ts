/** What the imports of blocks mean in the page they run in. */
import type { ResolvedImport } from "../../protocol/realm.ts";
import type { LiveRealm, Realms } from "../realms/realms.ts";
import type { Sessions } from "./sessions.ts";

/** Imports whose specifier is known only at run time are asked for by the page. */
export function answerImports(realms: Realms, sessions: Sessions): void {
  realms.listen({
    async said(realm, message) {
      if (message.type !== "resolve") return;
      const [result] = await resolveImports(sessions, realm, message.file, [message.specifier]);
      if (result !== undefined) realm.send({ type: "resolved", ask: message.ask, result });
    },
  });
}

/** @param file absolute path that relative specifiers are relative to */
export async function resolveImports(
  sessions: Sessions,
  realm: LiveRealm,
  file: string,
  specifiers: readonly string[],
): Promise<readonly ResolvedImport[]> {
  if (specifiers.length === 0) return [];
  // Without a Vite host there is only the browser's own way.
  if (realm.session === undefined)
    return specifiers.map((specifier) => ({
      specifier,
      url: /^\.{0,2}\//.test(specifier) ? new URL(specifier, realm.url).href : specifier,
      interop: false,
    }));
  const failed = (error: string): ResolvedImport[] =>
    specifiers.map((specifier) => ({ specifier, url: "", interop: false, error }));
  const session = sessions.get(realm.session);
  const vite = session?.vite;
  if (vite === undefined && session?.isLive === true)
    return specifiers.map((specifier) => asThePageDoes(specifier, realm, session.project.name));
  if (vite === undefined) return failed("The preview of this page is not running; restart it");
  try {
    return await vite.resolveImports(file, specifiers);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Only a Vite host of ours can be asked where a module is; another server's pages can still name it by its address. A
 * guess could give the block an instance that is not the page's own.
 */
function asThePageDoes(specifier: string, realm: LiveRealm, name: string): ResolvedImport {
  const isAddress = /^(?:https?:\/)?\//.test(specifier);
  if (isAddress) return { specifier, url: new URL(specifier, realm.url).href, interop: false };
  const error = `${specifier} cannot be resolved: the server of ${name} is not Vitrine's. Import the address that the page has it under, such as /src/main.ts`;
  return { specifier, url: "", interop: false, error };
}
