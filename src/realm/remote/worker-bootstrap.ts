/** The worker of a page that has the older client (REPL specification 13.2): made by it as a module, with the worker's name. */
import { channelAddress, httpLink } from "./job-link.ts";
import { serveTextRealm } from "./text-realm.ts";

const { name } = globalThis as unknown as { readonly name: string };
const base = new URL("/", import.meta.url).href;

addEventListener(
  "message",
  ({ data }: MessageEvent<{ type?: string; mainPage?: string } | undefined>) => {
    if (data?.type === "ping") postMessage({ type: "pong", timestamp: new Date().toISOString() });
  },
);
if (name !== "") serveTextRealm(httpLink(channelAddress(base, { name, url: `worker://${name}` })));
