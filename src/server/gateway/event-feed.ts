/** State changes for whoever holds the control token: first a snapshot, then every change, without a gap. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";

export const EVENTS_SUBPROTOCOL = "vitrine.events.1";

/** Bytes waiting for one listener before it is dropped: it can come back and gets a snapshot. */
const bufferLimit = 4 * 1024 * 1024;
/** Listeners have nothing to say. */
const maximumMessage = 1024;

export class EventFeed {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maximumMessage,
    handleProtocols: (offered) => (offered.has(EVENTS_SUBPROTOCOL) ? EVENTS_SUBPROTOCOL : false),
  });

  /** Takes over an upgrade that the gate let in. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    snapshot: Readonly<Record<string, unknown>>,
  ): void {
    this.#sockets.handleUpgrade(request, socket, head, (listener) => {
      listener.on("error", () => listener.terminate());
      for (const [event, data] of Object.entries(snapshot))
        listener.send(JSON.stringify({ event, data }));
    });
  }

  tell(event: string, data: unknown): void {
    if (this.#sockets.clients.size === 0) return;
    const text = JSON.stringify({ event, data });
    for (const listener of this.#sockets.clients) deliver(listener, text);
  }

  close(): void {
    for (const listener of this.#sockets.clients) listener.terminate();
  }
}

function deliver(listener: WebSocket, text: string): void {
  if (listener.bufferedAmount > bufferLimit) listener.close(1013);
  else listener.send(text);
}
