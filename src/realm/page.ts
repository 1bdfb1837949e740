/**
 * The page client, first script of every page that Vitrine serves: `<script src="<base>-vitrine/page.js"
 * data-vitrine-base="<base>">`. It never throws into the page; a second copy does nothing.
 */
import type { FromRealm, RunEvent, ToRealm } from "../protocol/realm.ts";
import { createBlockScripts, type BlockScripts } from "./block-script.ts";
import { createChannel, type Channel } from "./channel.ts";
import { patchConsole } from "./console.ts";
import { createConsoleFeed, type ConsoleFeed } from "./console-feed.ts";
import { createEvaluator, REALM_GLOBAL, type Evaluator } from "./evaluate.ts";
import { findIdentity, type Identity } from "./identity.ts";
import { natives } from "./natives.ts";
import { currentPlace, shortPlace, watchNavigation, type Place } from "./navigation.ts";
import { listenForErrors } from "./page-errors.ts";
import { createPageImports } from "./page-imports.ts";
import { watchPacks } from "./packs/page-modules.ts";
import { linkPanel } from "./panel-link.ts";

try {
  const script = document.currentScript;
  const base = script?.getAttribute("data-vitrine-base");
  if (base && !Object.hasOwn(globalThis, REALM_GLOBAL))
    start(base, script instanceof HTMLElement ? script.nonce : "");
} catch {
  // A page has to work without us, and there is nobody to tell before the channel is open.
}

function start(publicBase: string, nonce: string): void {
  const base = new URL(publicBase, location.href);
  const importModule = watchPacks();
  const identity = findIdentity(publicBase, REALM_GLOBAL);
  let told = currentPlace();
  const channel = createChannel({
    base,
    hello: () => helloOf(identity, (told = currentPlace())),
    receive,
    welcomed,
  });
  const feed = createConsoleFeed(channel);
  const imports = createPageImports((message) => channel.send(message), importModule);
  const evaluator = createEvaluator({
    send(message) {
      // Lines of a run arrive before its end.
      if (message.type === "finished") feed.flush();
      channel.send(message);
    },
    load: imports.load,
    meta: () => ({ url: location.href }),
  });
  const scripts = createBlockScripts(base, nonce, evaluator.fail);

  function welcomed(name: string): void {
    identity.rename(name);
    const place = currentPlace();
    // It may have moved between hello and welcome.
    if (place.url !== told.url || place.title !== told.title) {
      channel.send({ type: "navigated", ...shortPlace(place) });
    }
    imports.repeat();
    feed.flush();
  }

  function receive(message: ToRealm): void {
    if (message.type === "run") {
      evaluator.begin(message);
      scripts.load(message);
    }
    if (message.type === "resolved") imports.resolved(message.ask, message.result);
    if (message.type === "reload") location.reload();
    if (message.type === "ping") channel.send({ type: "pong" });
  }

  Object.defineProperty(globalThis, REALM_GLOBAL, {
    value: Object.freeze({ block: evaluator.block }),
  });
  listen({ channel, feed, evaluator, scripts });
  const panel = identity.frame === "" ? linkPanel(base) : undefined;
  watchNavigation((place) => {
    channel.send({ type: "navigated", ...shortPlace(place) });
    panel?.moved(place);
  });
  channel.open();
}

function helloOf(identity: Identity, place: Place): FromRealm {
  const { instance, frame } = identity;
  const kind = frame === "" ? "page" : "iframe";
  return { type: "hello", kind, instance, name: identity.name(), frame, ...shortPlace(place) };
}

interface Listening {
  readonly channel: Channel;
  readonly feed: ConsoleFeed;
  readonly evaluator: Evaluator;
  readonly scripts: BlockScripts;
}

/** Hears console and errors: each is an event of the run in progress, and of the page. */
function listen({ channel, feed, evaluator, scripts }: Listening): void {
  function write(level: RunEvent["level"], text: string, stack?: string): void {
    const job = evaluator.record({ level, text });
    feed.add({
      level,
      text,
      at: natives.wallClock(),
      ...(stack && { stack }),
      ...(job && { job }),
    });
  }

  patchConsole(console, { heard: write, wantsStack: () => !feed.isFull() });
  listenForErrors({
    uncaught(error) {
      evaluator.record({ level: "error", text: error.stack || `${error.name}: ${error.message}` });
      channel.send({ type: "uncaught", error, at: natives.wallClock() });
    },
    notLoaded: (text) => write("error", text),
    claim: scripts.claim,
    owns: scripts.owns,
  });
}
