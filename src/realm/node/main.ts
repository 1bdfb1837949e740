/**
 * A Node realm: a process of its own that runs blocks and talks to the server over the IPC channel of its fork (E-07).
 * Its working directory is the project's root. It leaves when the channel closes.
 */
import { randomUUID } from "node:crypto";
import { createRequire, register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type {
  ErrorSource,
  FromRealm,
  RealmError,
  RunRequest,
  ToRealm,
} from "../../protocol/realm.ts";
import type { LoadedModule } from "../block-imports.ts";
import { createEvaluator, REALM_GLOBAL } from "../evaluate.ts";
import { errorFrom } from "../realm-error.ts";
import { loadNodeTest } from "./node-test.ts";
import { captureOutput, uncaughtText } from "./output.ts";
import { refreshAddress, toRunAddress } from "./run-address.ts";
import { runScript } from "./script.ts";

const leave = process.exit.bind(process);
const transmit = process.send?.bind(process);
const { cache: commonJsModules } = createRequire(import.meta.url);

/** As the server calls it. */
let realmName = "";

hideOurselves();
register(new URL("./node-loader.js", import.meta.url), { data: { root: process.cwd() } });
process.setSourceMapsEnabled(true);

const evaluator = createEvaluator({
  send(message) {
    // Lines of a run arrive before its end.
    if (message.type === "finished") output.flush();
    send(message);
  },
  load,
  meta: ({ file }) => ({ url: pathToFileURL(file).href, dirname: path.dirname(file) }),
  globals: ({ file }) => ({ require: createRequire(file) }),
});
const output = captureOutput({ send, record: evaluator.record });

Object.defineProperty(globalThis, REALM_GLOBAL, {
  value: Object.freeze({ block: evaluator.block }),
});
process.on("uncaughtException", (error) => reportUncaught("uncaughtException", errorFrom(error)));
process.on("unhandledRejection", (reason) => {
  const error = errorFrom(reason);
  const name = error.name === "Uncaught" ? "Unhandled rejection" : error.name;
  reportUncaught("unhandledrejection", { ...error, name });
});
process.on("exit", () => output.flush());
process.on("disconnect", () => leave());
process.on("message", receive);
send({
  type: "hello",
  kind: "node",
  instance: randomUUID(),
  name: "",
  url: `node://${process.pid}`,
  title: "",
  frame: "",
});

/** User code sees a plain Node: no variables of ours or of the editor, and no channel to send into. */
function hideOurselves(): void {
  for (const name of Object.keys(process.env)) {
    if (/^(?:ELECTRON_RUN_AS_NODE$|NODE_CHANNEL_|VITRINE_)/.test(name)) delete process.env[name];
  }
  // Node itself calls `disconnect` when the channel closes, so only sending is taken away.
  Object.assign(process, { send: undefined });
}

function send(message: FromRealm, confirmed: () => void = () => {}): void {
  // A closed channel ends this process by `disconnect`; there is nobody left to tell.
  transmit?.(message, undefined, undefined, () => confirmed());
}

function receive(message: ToRealm): void {
  if (message.type === "welcome") realmName = message.name;
  if (message.type === "ping") send({ type: "pong" });
  if (message.type === "run") run(message);
}

function run(request: RunRequest): void {
  evaluator.begin(request);
  const error = runScript(request.code, request.scriptName);
  const missing: RealmError = {
    name: "Error",
    message: "the script did not run a block",
    stack: "",
  };
  evaluator.fail(request.job, error ?? missing);
}

async function load(specifier: string, request: RunRequest): Promise<LoadedModule> {
  if (specifier === "node:test") {
    const namespace = await loadNodeTest(request, {
      root: process.cwd(),
      name: () => realmName,
      send,
    });
    return { namespace, interop: "never" };
  }
  await refresh(request.job);
  const address = toRunAddress({ file: request.file, specifier });
  return { namespace: (await import(address)) as object, interop: "missing" };
}

/** Lets the run see what changed on disk; the module of one address is evaluated once, so this is done once per run. */
async function refresh(job: string): Promise<void> {
  const { default: outdated } = (await import(refreshAddress(job))) as {
    default: readonly string[];
  };
  // CommonJS is kept by file name, whatever its module's address says.
  for (const file of outdated) delete commonJsModules[file];
}

function reportUncaught(source: ErrorSource, error: RealmError): void {
  const job = evaluator.record({ level: "error", text: uncaughtText(error) });
  output.add({ type: "uncaught", error, at: Date.now(), source, ...(job && { job }) });
}
