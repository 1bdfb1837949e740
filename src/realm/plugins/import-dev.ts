/** Imports the entry of a plugin from its dev server, as native modules with hot updates of their own. */

/** Ms within which the server answers (rule 1 of dev-servers section 10). */
const answerMs = 1500;

export interface DevImport {
  /** Address of the server, base included. */
  readonly address: string;
  /** Relative to it. */
  readonly entry: string;
  /** Not the first import: a module that failed, or is outdated, is remembered under its address. */
  readonly again: boolean;
  /** The connection of its hot updates ended. */
  lost(): void;
}

/** The server is said to serve, and did not answer in time. It may be busy. */
export class Unanswered extends Error {}

/** Throws an error whose message is a clause that says why it cannot be imported; `Unanswered` when asking again may help. */
export async function importDev({ address, entry, again, lost }: DevImport): Promise<object> {
  const url = new URL(entry, address);
  await ask(url);
  await prepare(address, lost);
  if (again) url.searchParams.set("t", String(Date.now()));
  return (await import(url.href)) as object;
}

async function ask(url: URL): Promise<void> {
  const signal = AbortSignal.timeout(answerMs);
  const answer = await fetch(url, { method: "HEAD", cache: "no-store", signal }).catch(() => {
    throw new Unanswered(`${url.href} does not answer`);
  });
  if (!answer.ok) throw new Error(`${url.href} answers with status ${answer.status}`);
}

const prepared = new Map<string, Promise<unknown>>();

/** Once per server, before its first module. What fails here only costs hot updates. */
function prepare(address: string, lost: () => void): Promise<unknown> {
  const known =
    prepared.get(address) ?? Promise.allSettled([listen(address, lost), injectRefresh(address)]);
  prepared.set(address, known);
  return known;
}

interface ViteClient {
  createHotContext?(owner: string): { on(event: string, listener: () => void): void };
}

/** Modules without hot updates do not bring Vite's client; with it the server can say that they changed. */
async function listen(address: string, lost: () => void): Promise<void> {
  const client = (await import(`${address}@vite/client`)) as ViteClient;
  client.createHotContext?.("/-vitrine/plugin").on("vite:ws:disconnect", lost);
}

interface RefreshRuntime {
  injectIntoGlobalHook(window: Window): void;
}

interface RefreshGlobals {
  $RefreshReg$?: unknown;
  $RefreshSig$?: unknown;
  __vite_plugin_react_preamble_installed__?: boolean;
}

/** What the plugin for React puts into the pages of its own server. A project without React has none. */
async function injectRefresh(address: string): Promise<void> {
  const glue = (await import(`${address}@react-refresh`)) as Partial<RefreshRuntime> & {
    default?: RefreshRuntime;
  };
  const inject = glue.injectIntoGlobalHook ?? glue.default?.injectIntoGlobalHook;
  inject?.(window);
  const globals = globalThis as RefreshGlobals;
  globals.$RefreshReg$ ??= () => {};
  globals.$RefreshSig$ ??= () => (type: unknown) => type;
  globals.__vite_plugin_react_preamble_installed__ = true;
}
