/**
 * The client that a bookmarklet brings into a page of another origin (REPL specification 20). It speaks to the server itself
 * where the user has allowed the page's origin, else through the broker window, which belongs to the server.
 */
import type { FromBroker, ToBroker, Unstamped } from "./broker-messages.ts";
import { nameStem } from "./broker-messages.ts";
import { channelAddress, httpLink, type JobLink, type TextJob } from "./job-link.ts";
import { serveTextRealm } from "./text-realm.ts";

interface RemoteGlobals {
  __daebugActive?: boolean;
  __daebugMode?: "eval";
  __daebugConnected?: boolean;
  /** What the loader knows. */
  __daebugRemote?: {
    readonly origin: string;
    readonly key?: string;
    /** The broker's window, when it is open already. */
    readonly broker?: Window;
  };
}

/** Ms between two tries to reach the broker, which takes its time to load. */
const registerMs = 500;
const words = ["fern", "oak", "pine", "reed", "moss", "elm", "ash", "ivy", "sage", "thyme"];

const globals = globalThis as RemoteGlobals;
const remote = globals.__daebugRemote;
if (remote !== undefined && globals.__daebugActive !== true) void connect(remote);

async function connect(settings: NonNullable<typeof remote>): Promise<void> {
  const { origin, key } = settings;
  globals.__daebugActive = true;
  globals.__daebugMode = "eval";
  globals.__daebugConnected = false;
  const realm = { name: newName(), url: location.href };
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const direct = httpLink(channelAddress(`${origin}/`, realm, { remote: "1" }), headers);
  try {
    if (settings.broker !== undefined) throw new Error("the broker is there");
    await direct.post({ type: "background-flush", events: [] });
    globals.__daebugConnected = true;
    serveTextRealm(direct);
  } catch {
    // This origin may not call the server: the broker may.
    serveTextRealm(brokerLink(settings, realm));
  }
}

function brokerLink(
  { origin, broker: known }: NonNullable<typeof remote>,
  { name: pageName, url: pageUrl }: { name: string; url: string },
): JobLink {
  const broker =
    known ??
    window.open(`${origin}/-daebug/broker.html`, "daebug-broker", "popup,width=480,height=240");
  const jobs: TextJob[] = [];
  let wake: (() => void) | undefined;
  const say = (message: Unstamped<ToBroker>): void =>
    broker?.postMessage({ ...message, timestamp: Date.now() }, origin);

  addEventListener("message", (event: MessageEvent<FromBroker>) => {
    if (event.source !== broker || event.origin !== origin) return;
    const message = event.data;
    if (message.type === "registered") globals.__daebugConnected = message.serverConnected;
    if (message.type === "ping") say({ type: "heartbeat", pageName });
    if (message.type !== "job") return;
    jobs.push({ id: message.jobId, code: message.code });
    wake?.();
  });
  addEventListener("pagehide", () => say({ type: "unregister", pageName }));
  const register = (): void => {
    if (globals.__daebugConnected === true || broker === null) return;
    say({ type: "register", pageName, pageUrl, mode: "eval" });
    setTimeout(register, registerMs);
  };
  register();
  if (broker === null)
    console.warn("\u{1F47E} The browser blocked the window of daebug. Allow it, and click again");

  return {
    async next() {
      if (jobs.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return jobs.shift();
    },
    async post(message) {
      const { type, ...fields } = message as { type?: string } & Record<string, unknown>;
      if (type === "background-flush")
        say({ type: "events", pageName, events: (fields["events"] ?? []) as object[] });
      else say({ ...fields, type: "result", pageName } as Unstamped<ToBroker>);
    },
  };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function newName(): string {
  const now = new Date();
  const clock = `${two(now.getHours())}${two(now.getMinutes())}-${two(now.getSeconds())}`;
  const word = words[Math.floor(Math.random() * words.length)];
  return `${nameStem(location.href)}-${5 + Math.floor(Math.random() * 15)}-${word}-${clock}`;
}
