/**
 * The one connection of a page or worker to the server: a WebSocket of the page's origin, opened again for as long as the
 * realm lives.
 */
import { REALM_SUBPROTOCOL, type FromRealm, type ToRealm } from "../protocol/realm.ts";
import { natives } from "./natives.ts";
import { createOutbox } from "./outbox.ts";

const firstDelayMs = 250;
const longestDelayMs = 8000;
const credentialTimeoutMs = 10_000;
/** Bytes that may wait in the socket before console lines are held back. */
const congestedBytes = 1024 * 1024;

export interface Channel {
  /** Sends now; results and errors also after the next welcome. */
  send(message: FromRealm): void;
  /** Whether console lines may be sent: welcomed, and the socket is not congested. */
  isFlowing(): boolean;
  open(): void;
}

export interface ChannelOptions {
  /** Address of the page's base, ending in a slash. */
  readonly base: URL;
  /** The first message of each connection. */
  hello(): FromRealm;
  receive(message: ToRealm): void;
  /** The server knows this realm now; called for each connection, before what waited is sent. */
  welcomed(name: string): void;
}

export function createChannel(options: ChannelOptions): Channel {
  const outbox = createOutbox();
  let socket: WebSocket | undefined;
  let welcomed = false;
  let connecting = false;
  let delay = firstDelayMs;
  let timer: number | undefined;

  async function connect(): Promise<void> {
    natives.clearTimeout(timer);
    timer = undefined;
    if (connecting || socket !== undefined) return;
    connecting = true;
    try {
      attach(await openSocket(options.base));
    } catch {
      // No network, or the server restarts: this is tried again until the page goes.
      later();
    } finally {
      connecting = false;
    }
  }

  function later(): void {
    natives.clearTimeout(timer);
    timer = natives.setTimeout(() => void connect(), delay);
    delay = Math.min(delay * 2, longestDelayMs);
  }

  function attach(opened: WebSocket): void {
    socket = opened;
    opened.addEventListener("open", () => post(opened, options.hello()));
    opened.addEventListener("message", (event: MessageEvent<unknown>) => receive(event.data));
    opened.addEventListener("close", () => {
      [socket, welcomed] = [undefined, false];
      later();
    });
  }

  function receive(data: unknown): void {
    const message = readMessage(data);
    if (message === undefined || socket === undefined) return;
    if (message.type === "welcome") {
      welcomed = true;
      delay = firstDelayMs;
      options.welcomed(message.name);
      for (const waiting of outbox.take()) send(waiting);
    }
    options.receive(message);
  }

  onReturn(() => timer !== undefined && void connect());
  // An open socket keeps a page out of the browser's back/forward cache, and would look like a live realm.
  addEventListener("pagehide", () => socket?.close());

  function send(message: FromRealm): void {
    if (!welcomed || socket === undefined) return outbox.keep(message);
    post(socket, message);
    outbox.sent(message);
  }

  return {
    send,
    isFlowing: () => welcomed && socket !== undefined && socket.bufferedAmount < congestedBytes,
    open: () => void connect(),
  };
}

/** Calls when a page that slept, or lost its network, can connect again. */
function onReturn(call: () => void): void {
  addEventListener("online", call);
  if (typeof document === "undefined") return;
  addEventListener("pageshow", call);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") call();
  });
}

/** Gets a fresh credential, because one of an earlier server is worth nothing, and opens the socket with it (decision 11). */
async function openSocket(base: URL): Promise<WebSocket> {
  const answer = await natives.fetch(new URL("-vitrine/credential", base), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(credentialTimeoutMs),
  });
  if (!answer.ok) throw new Error(`no credential, status ${answer.status}`);
  const { credential } = natives.parse(await answer.text()) as { credential: string };
  const address = new URL("-vitrine/realm", base);
  address.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return new natives.WebSocket(address, [REALM_SUBPROTOCOL, `token.${credential}`]);
}

function post(socket: WebSocket, message: FromRealm): void {
  natives.socketSend.call(socket, natives.stringify(message));
}

function readMessage(data: unknown): ToRealm | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return natives.parse(data) as ToRealm;
  } catch {
    // Not ours; a realm has nobody to complain to.
    return undefined;
  }
}
