/**
 * The broker window (REPL specification 20): takes jobs over the ordinary channel for pages of other origins that may not,
 * and hands them on. A page is served when its origin was allowed at the start, or by a click in this window.
 */
import { nameStem, type FromBroker, type ToBroker, type Unstamped } from "./broker-messages.ts";
import { channelAddress, httpLink, type JobLink } from "./job-link.ts";

interface ServedPage {
  readonly name: string;
  readonly origin: string;
  readonly window: Window;
  readonly link: JobLink;
  readonly waiting: Map<string, () => void>;
  heardAt: number;
  isOpen: boolean;
}

/** Ms between two pings, and without an answer until a page counts as gone. */
const heartbeat = { interval: 10_000, timeout: 20_000 } as const;
/** Ms after a poll that failed. */
const failureMs = 3000;

const allowed = new Set(JSON.parse(document.body.dataset["origins"] ?? "[]") as string[]);
const pages = new Map<MessageEventSource, ServedPage>();
const asked = new Set<string>();

addEventListener("message", (event: MessageEvent<ToBroker | undefined>) => {
  const { data, source, origin } = event;
  // Only windows have messages for us.
  if (source === null || !("postMessage" in source) || typeof data?.type !== "string") return;
  const page = pages.get(source);
  if (data.type === "register") return register(source as Window, origin, data);
  if (data.type === "refused")
    return show(`The content policy of ${origin} lets no code in; nothing can run there.`);
  if (page === undefined || page.origin !== origin || page.name !== data.pageName) return;
  page.heardAt = Date.now();
  if (data.type === "unregister") close(page);
  if (data.type === "events") void forward(page, { type: "background-flush", events: data.events });
  if (data.type === "result") {
    const { type: _type, pageName: _name, timestamp: _at, ...result } = data;
    void forward(page, result).then(() => page.waiting.get(data.jobId)?.());
  }
});

setInterval(() => {
  for (const page of pages.values()) {
    if (Date.now() - page.heardAt > heartbeat.timeout || page.window.closed) close(page);
    else say(page, { type: "ping" });
  }
}, heartbeat.interval);
offerClient();

function register(
  source: Window,
  origin: string,
  { pageName, pageUrl }: { readonly pageName: string; readonly pageUrl: string },
): void {
  // A page cannot take the name of another: it begins with its own address.
  const isOwn =
    URL.canParse(pageUrl) &&
    new URL(pageUrl).origin === origin &&
    pageName.startsWith(`${nameStem(pageUrl)}-`);
  if (!isOwn || pages.get(source)?.name === pageName) return;
  if (!allowed.has(origin)) return askFor(origin);
  const link = httpLink(channelAddress("/", { name: pageName, url: pageUrl }, { remote: "1" }));
  const page: ServedPage = {
    name: pageName,
    origin,
    window: source,
    link,
    waiting: new Map(),
    heardAt: Date.now(),
    isOpen: true,
  };
  const before = pages.get(source);
  if (before !== undefined) close(before);
  pages.set(source, page);
  void serve(page);
}

async function serve(page: ServedPage): Promise<void> {
  const serverConnected = await forward(page, { type: "background-flush", events: [] });
  say(page, { type: "registered", pageName: page.name, serverConnected });
  show(`${page.origin} is connected. Leave this window open.`);
  while (page.isOpen) {
    const job = await page.link.next().catch(() => sleep(failureMs));
    if (job === undefined || !page.isOpen) continue;
    say(page, { type: "job", jobId: job.id, code: job.code, mode: "eval" });
    await new Promise<void>((resolve) => page.waiting.set(job.id, resolve));
    page.waiting.delete(job.id);
  }
}

function close(page: ServedPage): void {
  page.isOpen = false;
  pages.delete(page.window);
  for (const resolve of page.waiting.values()) resolve();
  show(`${page.origin} has left.`);
}

/** @returns whether the server has it */
function forward(page: ServedPage, message: object): Promise<boolean> {
  return page.link.post(message).then(
    () => true,
    () => false,
  );
}

function say(page: ServedPage, message: Unstamped<FromBroker>): void {
  page.window.postMessage({ ...message, timestamp: Date.now() }, page.origin);
}

/** Which code runs in a page of the user is the user's decision. */
function askFor(origin: string): void {
  if (asked.has(origin)) return;
  asked.add(origin);
  const button = document.createElement("button");
  button.textContent = `Connect ${origin}`;
  button.addEventListener("click", () => {
    allowed.add(origin);
    button.remove();
  });
  document.body.append(button);
}

/** A page whose policy refused the script asks for it so; it holds nothing of anybody. */
function offerClient(): void {
  const opener = window.opener as Window | null;
  if (opener === null || !location.search.includes("client=1")) return;
  void fetch("/-daebug-client.js?remote=1")
    .then((answer) => answer.text())
    .then((code) => opener.postMessage({ type: "client", code, timestamp: Date.now() }, "*"));
}

function show(text: string): void {
  const line = document.querySelector("p");
  if (line !== null) line.textContent = text;
}

function sleep(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}
