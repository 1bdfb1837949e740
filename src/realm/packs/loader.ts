/** Gets packs that the page lacks, by script elements: no policy for inline code is needed, and the text has an address. */
import { PACK_ROUTE } from "../../protocol/packs.ts";

export interface Loader {
  /** Resolves when what `key` needs was registered, as far as the server has it. */
  graph(key: string): Promise<void>;
  /** Runs a text that came in a message; by its address where the page's policy forbids inline code. */
  run(hash: string, code: string): Promise<void>;
}

/** Names of packs that a request lists: enough for a page that was not edited hundreds of times. */
const listedPacks = 60;

/**
 * @param base address of the page's base
 * @param names packs that the page has, oldest first
 */
export function createLoader(base: string, nonce: string, names: ReadonlySet<string>): Loader {
  const loading = new Map<string, Promise<void>>();
  let inlineFails = false;

  const element = (): HTMLScriptElement => {
    const script = document.createElement("script");
    script.nonce = nonce;
    return script;
  };
  const fetchScript = (name: string): Promise<void> => {
    const script = element();
    return new Promise<void>((resolve, reject) => {
      script.src = `${base}${PACK_ROUTE}${name}`;
      script.addEventListener("load", () => resolve());
      script.addEventListener("error", () => reject(new TypeError(`${name} cannot be loaded`)));
      document.head.append(script);
    }).finally(() => script.remove());
  };

  return {
    async graph(key) {
      const have = [...names].slice(-listedPacks).join(",");
      const asked =
        loading.get(key) ??
        fetchScript(`lazy.js?url=${encodeURIComponent(key)}&have=${have}`).finally(() =>
          // A failed load is not kept, and a finished one is registered.
          loading.delete(key),
        );
      loading.set(key, asked);
      await asked;
    },
    async run(hash, code) {
      if (!inlineFails) {
        const script = element();
        script.text = `${code}//# sourceURL=${base}${PACK_ROUTE}${hash}.js`;
        document.head.append(script);
        script.remove();
        inlineFails = !names.has(hash);
      }
      if (inlineFails) await fetchScript(`${hash}.js`);
    },
  };
}
