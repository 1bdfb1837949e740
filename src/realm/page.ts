/**
 * The page client, first script of every page that Vitrine serves: `<script src="<base>-vitrine/page.js"
 * data-vitrine-base="<base>">`. It never throws into the page; a second copy does nothing.
 */
import { INLINE_ATTRIBUTE, type FromRealm, type ToRealm } from "../protocol/realm.ts";
import { createBlockScripts } from "./block-script.ts";
import { createBrowserEvaluator } from "./browser-evaluator.ts";
import { createChannel } from "./channel.ts";
import { createCompanion } from "./companion.ts";
import { createConsoleFeed } from "./console-feed.ts";
import { REALM_GLOBAL, STOP_EVENT } from "./evaluate.ts";
import { defaultHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { findIdentity, type Identity, type RealmMark } from "./identity.ts";
import { answerMadeWorkers } from "./made-workers.ts";
import { currentPlace, shortPlace, watchNavigation, type Place } from "./navigation.ts";
import { createPageImports } from "./page-imports.ts";
import { watchPacks } from "./packs/page-modules.ts";
import { linkPanel } from "./panel-link.ts";
import { linkPlugins } from "./plugin-link.ts";
import { hearRealm } from "./realm-events.ts";
import { watchServiceWorkers } from "./service-workers.ts";

try {
  const script = document.currentScript;
  const base = script?.getAttribute("data-vitrine-base");
  if (base && !Object.hasOwn(globalThis, REALM_GLOBAL)) {
    const nonce = script instanceof HTMLElement ? script.nonce : "";
    const isInline = script?.hasAttribute(INLINE_ATTRIBUTE) === true;
    start({ publicBase: base, nonce, isInline, heartbeat: heartbeatOf(script) });
  }
} catch {
  // A page has to work without us, and there is nobody to tell before the channel is open.
}

interface Start {
  readonly publicBase: string;
  /** The nonce of our own script element, empty when the page's policy needs none. */
  readonly nonce: string;
  /** Whether the page's policy is known to allow inline scripts with that nonce. */
  readonly isInline: boolean;
  readonly heartbeat: Heartbeat;
}

function start({ publicBase, nonce, isInline, heartbeat }: Start): void {
  const base = new URL(publicBase, location.href);
  const importModule = watchPacks();
  const identity = findIdentity(publicBase, REALM_GLOBAL);
  const { instance } = identity;
  let told = currentPlace();
  let known: () => void;
  const ready = new Promise<void>((resolve) => (known = resolve));
  const channel = createChannel({
    base,
    hello: () => helloOf(identity, (told = currentPlace())),
    receive,
    welcomed,
  });
  const send = (message: FromRealm): void => channel.send(message);
  const feed = createConsoleFeed(channel);
  const imports = createPageImports(base, send, importModule);
  const evaluator = createBrowserEvaluator({ feed, imports, send });
  const scripts = createBlockScripts({ base, nonce, isInline, ...evaluator });
  const plugins = linkPlugins(send);
  const companion = createCompanion({ base, heartbeat, instance, name: identity.name, send });

  function welcomed(name: string): void {
    identity.rename(name);
    const place = currentPlace();
    // It may have moved between hello and welcome.
    if (place.url !== told.url || place.title !== told.title) {
      send({ type: "navigated", ...shortPlace(place) });
    }
    known();
    imports.repeat();
    feed.flush();
    serviceWorkers?.repeat();
  }

  function receive(message: ToRealm): void {
    if (message.type === "run") {
      evaluator.begin(message);
      scripts.load(message);
    }
    if (message.type === "resolved") imports.resolved(message.ask, message.result);
    if (message.type === "reload") location.reload();
    if (message.type === "worker") companion.start();
    if (message.type === "restart-worker") companion.restart();
    if (message.type === "stop") dispatchEvent(new Event(STOP_EVENT));
    if (message.type === "plugins") plugins.receive(message.plugins);
    if (message.type === "ping") send({ type: "pong" });
  }

  publish(evaluator.block, { instance, ready });
  hearRealm({ feed, evaluator, claim: scripts.claim, owns: scripts.owns });
  answerMadeWorkers(instance, ready);
  const isTop = identity.top === undefined;
  const panel = isTop ? linkPanel(base) : undefined;
  const serviceWorkers = isTop
    ? watchServiceWorkers(base, (workers) => send({ type: "service-workers", workers }))
    : undefined;
  watchNavigation((place) => {
    send({ type: "navigated", ...shortPlace(place) });
    panel?.moved(place);
  });
  // A frame says hello after its page, so that the server can name it after that.
  void Promise.resolve(identity.top?.ready).then(() => channel.open());
}

/** What blocks and frames look for. */
function publish(block: unknown, mark: RealmMark): void {
  Object.defineProperty(globalThis, REALM_GLOBAL, { value: Object.freeze({ block, ...mark }) });
}

function helloOf(identity: Identity, place: Place): FromRealm {
  const { instance, frame, top } = identity;
  const kind = top === undefined ? "page" : "iframe";
  return {
    type: "hello",
    kind,
    instance,
    name: identity.name(),
    frame,
    ...(top === undefined ? {} : { parent: top.instance }),
    ...shortPlace(place),
  };
}

/** Three numbers of ms for whoever cannot wait as long as a person would. */
function heartbeatOf(script: Element | null): Heartbeat {
  const [pingMs, silenceMs, goodMs] = (script?.getAttribute("data-vitrine-heartbeat") ?? "")
    .split(" ")
    .map(Number);
  return pingMs && silenceMs && goodMs ? { pingMs, silenceMs, goodMs } : defaultHeartbeat;
}
