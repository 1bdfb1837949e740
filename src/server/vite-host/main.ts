/** Entry of a Vite host: the process that runs a project's Vite, and with it the user's config and plugins. */
import type { ViteHostEvents, ViteHostMethods } from "../../protocol/vite-host.ts";
import { UserError } from "../../protocol/errors.ts";
import { connect } from "../rpc.ts";
import { startDevServer, type DevServer } from "./dev-server.ts";
import { rehearse } from "./rehearsal.ts";

/** Every Vite the host may import has this surface. */
export type Vite = typeof import("vite");

/** Ms; generous, because nothing here waits for the other side. */
const callDeadline = 60_000;

let vite: { url: string; module: Promise<Vite> } | undefined;
let rehearsal: Promise<void> | undefined;
/** Aborted by the first who wants to be served. */
const wanted = new AbortController();
let devServer: DevServer | undefined;

const load = (url: string): Promise<Vite> => {
  if (vite?.url !== url) vite = { url, module: import(url) as Promise<Vite> };
  return vite.module;
};

const methods: ViteHostMethods = {
  async warm(url, directory) {
    rehearsal = load(url).then((module) => rehearse(module, directory, wanted.signal));
    await rehearsal;
  },
  async serve(options) {
    if (devServer !== undefined)
      throw new UserError("bad_request", "This Vite host serves already");
    // A project's tools look at the working directory, as they would under `vite`.
    process.chdir(options.root);
    wanted.abort();
    tell("step", "Loading Vite", false);
    await rehearsal;
    const module = await load(options.vite);
    devServer = await startDevServer(module, options, {
      step: (text, config) => tell("step", text, config),
      problemsChanged: (problems) => tell("problemsChanged", problems),
      served: (served) => tell("served", served),
      edited: () => tell("edited"),
      logged: (entry) => tell("logged", entry),
    });
    return devServer.served();
  },
  resolveImports: (file, specifiers) => serving().resolveImports(file, specifiers),
  mapPosition: (url, line, column) => serving().mapPosition(url, line, column),
  async compose(pages) {
    serving().compose(pages);
  },
  async close() {
    await devServer?.close();
  },
};

const { tell } = connect<object, ViteHostEvents>(
  {
    post: (message) => process.send?.(message),
    on: (listener) => process.on("message", listener),
  },
  { methods, deadline: callDeadline },
);

function serving(): DevServer {
  if (devServer === undefined)
    throw new UserError("bad_request", "This Vite host serves nothing yet");
  return devServer;
}

// A rejected promise in a plugin must not end the dev server: under `vite` it would, and the page with it.
process.on("unhandledRejection", (reason) => {
  tell("logged", {
    level: "error",
    source: "vite",
    at: Date.now(),
    message: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
  });
});
