/**
 * The worker client: of the page's companion worker, of which it is the only script, and of the application's own
 * dedicated and shared workers, of which it is the first import. It never throws into a worker; a second copy does nothing.
 */
import type { FromRealm, RunRequest, ToRealm } from "../protocol/realm.ts";
import { createBrowserEvaluator } from "./browser-evaluator.ts";
import { createChannel } from "./channel.ts";
import { createConsoleFeed } from "./console-feed.ts";
import { REALM_GLOBAL, type Evaluator } from "./evaluate.ts";
import { answerMadeWorkers } from "./made-workers.ts";
import { natives } from "./natives.ts";
import { shortPlace } from "./navigation.ts";
import { createPageImports } from "./page-imports.ts";
import { randomId } from "./random-id.ts";
import { errorFrom } from "./realm-error.ts";
import { hearRealm } from "./realm-events.ts";
import { askParent } from "./worker-link.ts";

/** Called by another name, it evaluates in the global scope, as a classic script would be. */
// oxlint-disable-next-line no-eval -- a worker has no script elements, and importScripts does not exist in module workers
const evaluate = globalThis.eval;

try {
  const own = new URL(import.meta.url, location.href);
  // Where a classic worker had to leave its address; the application shall not meet it.
  Reflect.deleteProperty(globalThis, "__vitrineWorker");
  if (!Object.hasOwn(globalThis, REALM_GLOBAL)) start(own);
} catch {
  // A worker has to work without us, and there is nobody to tell before the channel is open.
}

function start(own: URL): void {
  const base = new URL("../", own);
  const instance = randomId();
  const isShared = "onconnect" in globalThis;
  let parent: string | undefined;
  let name = "";
  let known: () => void;
  const ready = new Promise<void>((resolve) => (known = resolve));
  const channel = createChannel({
    base,
    hello: () => ({ ...helloOf(own), instance, name, ...(parent === undefined ? {} : { parent }) }),
    receive,
    welcomed(given) {
      name = given;
      known();
      imports.repeat();
      feed.flush();
    },
  });
  const send = (message: FromRealm): void => channel.send(message);
  const feed = createConsoleFeed(channel);
  const imports = createPageImports(base, send, (url) => import(url) as Promise<object>);
  const evaluator = createBrowserEvaluator({ feed, imports, send });

  function receive(message: ToRealm): void {
    if (message.type === "run") run(base, evaluator, message);
    if (message.type === "resolved") imports.resolved(message.ask, message.result);
    if (message.type === "ping") send({ type: "pong" });
  }

  Object.defineProperty(globalThis, REALM_GLOBAL, {
    value: Object.freeze({ block: evaluator.block }),
  });
  hearRealm({ feed, evaluator, claim: () => false, owns: () => false });
  answerMadeWorkers(instance, ready);
  if (isShared) return channel.open();
  void askParent(globalThis as never, natives.setTimeout).then((answer) => {
    parent = answer;
    channel.open();
  });
}

type Hello = Extract<FromRealm, { type: "hello" }>;

function helloOf(own: URL): Omit<Hello, "instance" | "name" | "parent"> {
  const { name } = globalThis as { name?: string };
  const companion = location.href === own.href;
  const stem = location.pathname.slice(location.pathname.lastIndexOf("/") + 1);
  const label = companion ? "webworker" : name || stem.replace(/\.\w+$/, "");
  const url = companion ? `worker://${name}` : location.href;
  return {
    type: "hello",
    kind: "worker",
    ...shortPlace({ url, title: name ?? "" }),
    frame: "",
    label: label.slice(0, 200),
    companion,
  };
}

/** The source has the address of its script, so that stacks and breakpoints look as they do in a page (decision 31). */
function run(base: URL, evaluator: Evaluator, request: RunRequest): void {
  const { job, code, script } = request;
  const address = new URL(script, base).href;
  evaluator.begin(request);
  try {
    evaluate(`${code}\n//# sourceURL=${address}\n//# sourceMappingURL=${address}.map`);
    const message = `${address} did not run a block`;
    evaluator.fail(job, { name: "Error", message, stack: `Error: ${message}` });
  } catch (error) {
    // It could not be parsed, or the worker's content policy forbids `eval`.
    evaluator.fail(job, errorFrom(error));
  }
}
