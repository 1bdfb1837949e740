/** Events of dev servers as other programs hear them, and the methods of the control API. */
import { once } from "node:events";
import { WebSocket } from "ws";
import type { DevServerState } from "../../src/protocol/dev-server.ts";
import { eventually } from "./eventually.ts";
import type { TestServer } from "./server.ts";

export interface HeardEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface DevServerEventsFeed {
  /** Of dev servers, in the order they came; the first snapshot is not among them. */
  readonly events: readonly HeardEvent[];
  /** Short words for the order of events: `status(building)`, `log`, `error(1)`, `dev_reload_start`. */
  order(): readonly string[];
  clear(): void;
  close(): void;
}

export async function listenToDevServers(server: TestServer): Promise<DevServerEventsFeed> {
  const { gateway, token } = server.welcome;
  const socket = new WebSocket(`${gateway.replace("http", "ws")}/api/events`, [
    "vitrine.events.1",
    `token.${token}`,
  ]);
  const events: HeardEvent[] = [];
  socket.on("message", (data: Buffer) => {
    const heard = JSON.parse(data.toString()) as HeardEvent;
    if (heard.event.startsWith("plugin/")) events.push(heard);
  });
  await once(socket, "open");
  return {
    events,
    order: () => events.map(short),
    clear: () => void events.splice(0),
    close: () => socket.close(),
  };
}

function short({ event, data }: HeardEvent): string {
  const name = event.replace(/^plugin\/(devserver\/)?/, "");
  if (name === "status") return `status(${(data as DevServerState).goStatus})`;
  if (name === "error") return `error(${(data as { errors: unknown[] }).errors.length})`;
  return name;
}

export interface ApiAnswer {
  readonly status: number;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export async function callApi(
  { welcome }: TestServer,
  method: string,
  parameters: object = {},
): Promise<ApiAnswer> {
  const answer = await fetch(`${welcome.gateway}/api/${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${welcome.token}`, "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

/** Waits until the editor was told that a dev server is as wanted. */
export function devServerIs(
  server: TestServer,
  id: string,
  what: string,
  isIt: (state: DevServerState) => boolean,
): Promise<DevServerState> {
  return eventually(`${id} to be ${what}`, () =>
    server.devServers.find((state) => state.pluginID === id && isIt(state)),
  );
}
