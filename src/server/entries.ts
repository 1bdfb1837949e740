/** Where the built files are. Everything that is forked or served lies beside this file in `dist`. */
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
// Chunks of a split bundle and its entries share one folder, so this holds wherever the bundler put this module. Tests
// import the source itself, and fork what is built all the same.
const dist = import.meta.url.endsWith(".ts")
  ? path.resolve(here, "../../dist")
  : path.dirname(here);
const server = path.join(dist, "server");

export const entries = {
  server: path.join(server, "main.js"),
  viteHost: path.join(server, "vite-host.js"),
  guard: path.join(server, "guard.js"),
  watchdog: path.join(server, "watchdog.js"),
  nodeRealm: path.join(dist, "realm", "node.js"),
  pageClient: path.join(dist, "realm", "page.js"),
  pluginsClient: path.join(dist, "realm", "plugins.js"),
  workerClient: path.join(dist, "realm", "worker.js"),
  classicWorkerClient: path.join(dist, "realm", "worker-classic.js"),
  workerBootstrap: path.join(dist, "realm", "worker-bootstrap.js"),
  remoteClient: path.join(dist, "realm", "remote.js"),
  broker: path.join(dist, "realm", "broker.js"),
  nodeTest: path.join(dist, "realm", "node-test.js"),
  nodeAssert: path.join(dist, "realm", "node-assert.js"),
  packRuntime: path.join(dist, "realm", "packs.js"),
} as const;
