/**
 * Updates that a page has missed: they went out after its modules were packed, and before it was connected to hear of them.
 * With modules over HTTP that moment is short, as each is asked for after the client; a packed page has them all at once.
 */
import { PAGE_EVENT } from "../../protocol/packs.ts";
import type { UpdateChannel } from "./update-code.ts";

/** What Vite's channel gives with a message of a page. */
interface PageClient {
  send(payload: unknown): void;
}

interface PageChannel extends UpdateChannel {
  on(event: string, listener: (data: unknown, client: PageClient) => void): void;
}

/** Ms; a page that takes longer to connect is slower than any. */
const keptMs = 60_000;
const keptMessages = 200;

/** Wraps the channel before everything else that does: what is sent again is what went out. */
export function repeatMissed(channel: PageChannel): void {
  const send = channel.send.bind(channel);
  let sent: { readonly at: number; readonly payload: unknown }[] = [];
  channel.send = (...args) => {
    if (isUpdate(args[0])) {
      const oldest = Date.now() - keptMs;
      sent = [...sent.filter(({ at }) => at > oldest), { at: Date.now(), payload: args[0] }];
      sent = sent.slice(-keptMessages);
    }
    send(...args);
  };
  channel.on(PAGE_EVENT, (data, client) => {
    const { builtAt } = (data ?? {}) as { builtAt?: unknown };
    if (typeof builtAt !== "number") return;
    // One that went out in the same millisecond may be in its packs, which does no harm: it is the same module again.
    for (const { at, payload } of sent) if (at >= builtAt) client.send(payload);
  });
}

function isUpdate(payload: unknown): boolean {
  const { type } = (payload ?? {}) as { type?: unknown };
  return type === "update" || type === "full-reload" || type === "prune";
}
